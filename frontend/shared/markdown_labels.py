"""The labels of links and pictures, `[label](address)`: finding the end of one at a limited cost.

Labels can be nested, and the end of each open bracket is searched up to the end of the paragraph. Together the cost is
quadratic in the number of brackets, so both are limited. A bracket beyond the limits is plain text.
"""

from types import SimpleNamespace

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

MOST_DEEP = 5  # nested labels: a picture in a link has two
STEPS = 4  # steps of the search for each character of a text


def limit_labels(markdown: MarkdownIt) -> None:
    """Replace the search of the parser for the end of a label."""
    helpers = {**vars(markdown.helpers), "parseLinkLabel": label_end}
    markdown.helpers = SimpleNamespace(**helpers)  # type: ignore[assignment]  # its rules read attributes only
    markdown.core.ruler.before("inline", "allow_steps", _allow_steps)


def label_end(state: StateInline, start: int, without_links: bool = False) -> int:
    """Return the end of the label that begins at `start`, -1 if it has no end or exceeds the limits.

    Only an address in parentheses makes a label a link: reference links are not supported.
    """
    deep: int = state.env.get("labels", 0)
    if deep == MOST_DEEP or state.src.find("](", start, state.posMax) < 0:
        return -1
    position, state.env["labels"] = state.pos, deep + 1
    try:
        return _find_end(state, start, without_links)
    finally:
        state.pos, state.env["labels"] = position, deep


def _find_end(state: StateInline, start: int, without_links: bool) -> int:
    state.pos, opened = start + 1, 1
    while state.pos < state.posMax and state.env["label_steps"] > 0:
        state.env["label_steps"] -= 1
        position, mark = state.pos, state.src[state.pos]
        if mark == "]":
            opened -= 1
            if not opened:
                return position
        state.md.inline.skipToken(state)
        if mark == "[":
            if state.pos == position + 1:
                opened += 1  # not part of a link
            elif without_links:
                return -1
    return -1


def _allow_steps(state: StateCore) -> None:
    state.env["label_steps"] = STEPS * len(state.src)

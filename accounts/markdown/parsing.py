"""The blocks of Markdown texts: the part of a text that is parsed, and the lines that are items of task lists.

`frontend.shared.markdown` adds what is read within a paragraph. Blocks are all that a tick needs.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore

from accounts.markdown.stack_frames import call_with_room

NEWLINE = re.compile(r"\r\n?|\n")  # as Markdown counts lines
# Unmatched delimiters cost quadratic time: a paragraph with more of them than this is shown as plain text.
MARKS = re.compile(r"[\[\]*_~`<&\\]|!(?=\[)")
MOST_MARKS = 300
MOST = 50_000  # characters; stored texts have no more, but a preview may
MOST_CELLS = 10_000  # of tables, with those that rows leave out
MOST_LINES = 2_000  # that are read as Markdown; the others are shown as plain text
MOST_PLACES = 500  # in one text; the others are shown as they were written

# An item in the source. What is before its mark on the line, the mark, and what is behind it. Items can be in items
# and quotes. A line that looks like an item may be code: `item_lines` has the parser decide.
ITEM_PATTERN = r"([ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+(?:>[ \t]*)*)+\[)([ xX])(\][ \t]+(?=\S))"
ITEM = re.compile(ITEM_PATTERN, re.ASCII)
_CHECKBOX = re.compile(r"\[[ xX]\][ \t]+(?=\S)")


def new_parser() -> MarkdownIt:
    """Return a parser of CommonMark with tables, strikethrough and task lists, whose costs are limited.

    HTML in the source stays text. Line breaks are kept. There are no reference links: an address that is defined once
    and referenced often would make a very long page from a short text.
    """
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["reference"])
    parser.block.ruler.at("table", _small_table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.before("inline", "leave_heaps", _leave_heaps)
    parser.core.ruler.before("inline", "task_lists", _take_marks)
    return parser


def split_text(text: str) -> tuple[str, str]:
    """Return the part of a text that is read as Markdown, and the rest, which is shown as plain text."""
    lines = NEWLINE.split(text[:MOST])
    return "\n".join(lines[:MOST_LINES]), "\n".join(lines[MOST_LINES:])


def item_lines(text: str) -> set[int]:
    """Return the lines, counted from 0, with items of task lists that render a checkbox."""
    tokens = call_with_room(_blocks.parse, split_text(text)[0])
    return {int(token.meta["item"].partition(":")[0]) for token in tokens if "item" in token.meta}


def admit_place(state: StateCore) -> bool:
    """Count a place, such as an item or a reference, and return whether the limit allows it."""
    state.env["places"] = state.env.get("places", 0) + 1
    return bool(state.env["places"] <= MOST_PLACES)


def _leave_heaps(state: StateCore) -> None:
    """Treat text that would take seconds to parse as plain text."""
    for token in state.tokens:
        if token.type == "inline" and len(MARKS.findall(token.content)) > MOST_MARKS:
            token.type, token.children = "text", None


def _small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table unless it may have too many cells: a few characters create thousands of them."""
    if start + 2 > end:
        return False
    columns = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]].count("|") + 1
    left = state.env.setdefault("cells", MOST_CELLS)
    if columns * (end - start) > left or not table(state, start, end, silent):
        return False
    if not silent:
        state.env["cells"] = left - columns * (state.line - start)
    return True


def _take_marks(state: StateCore) -> None:
    """Remove the marks of task lists from their items and store them, before the text after them is parsed."""
    lines = state.src.split("\n") if "[" in state.src else []
    for opened, paragraph, token in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if (opened.type, paragraph.type, token.type) != ("list_item_open", "paragraph_open", "inline"):
            continue
        mark = _CHECKBOX.match(token.content)
        line = token.map[0] if token.map else len(lines)
        if mark and line < len(lines) and ITEM.match(lines[line]) and admit_place(state):
            opened.attrSet("class", "item")
            token.content = token.content[mark.end() :]
            token.meta["item"] = f"{line}:{int(mark[0][1] != ' ')}"


_blocks = new_parser()
_blocks.core.ruler.enableOnly(["normalize", "block", "leave_heaps", "task_lists"])

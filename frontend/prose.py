"""Markdown that people wrote, as HTML that is safe to show to others."""

import re
from collections.abc import MutableSequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

TAGS = {
    *("h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}

# What is looked at in vain costs the square of its number: a paragraph with more of it than this is shown as it is.
MARKS = re.compile(r"[\[\]*_~`<&\\]")
MOST_MARKS = 300
MOST = 50_000  # characters; what is stored has no more, but what people want to preview may
MOST_CELLS = 10_000  # of tables, with those that rows leave out


def _lower_headings(state: StateCore) -> None:
    """Begin at h3: the page has the h1, and the section around the text its h2."""
    tokens: MutableSequence[Token] = state.tokens
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"


def _leave_heaps(state: StateCore) -> None:
    """Take for plain text what would take seconds to read."""
    for token in state.tokens:
        if token.type == "inline" and len(MARKS.findall(token.content)) > MOST_MARKS:
            token.type, token.children = "text", None


def _small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, unless it may have too many cells: a few characters make thousands of them."""
    if start + 2 > end:
        return False
    columns = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]].count("|") + 1
    left = state.env.setdefault("cells", MOST_CELLS)
    if columns * (end - start) > left or not table(state, start, end, silent):
        return False
    if not silent:
        state.env["cells"] = left - columns * (state.line - start)
    return True


# HTML in the source stays text, and pictures stay links: one from elsewhere would tell its server who reads what.
# An address that is written down once and referred to often would make a short text a very long page.
_markdown = (
    MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "reference"])
)
_markdown.block.ruler.at("table", _small_table, {"alt": ["paragraph", "reference"]})
_markdown.core.ruler.before("inline", "leave_heaps", _leave_heaps)
_markdown.core.ruler.push("lower_headings", _lower_headings)


def render_markdown(text: str) -> SafeString:
    """Return `text` as HTML of the tags above, with links to the web and to mail addresses only."""
    html = nh3.clean(
        _markdown.render(text[:MOST]),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(html)  # noqa: S308 - nh3 has just removed everything else

"""Markdown that people wrote, as HTML that is safe to show to others."""

import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable, MutableSequence
from hashlib import sha256

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from frontend import prose_rules
from tenancy.context import get_active_tenant

TAGS = {
    *("h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
    "data",  # what readers see differently: frontend.references
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "data": {"value"}}
CLASSES = {"li": {"item"}}

# What is looked at in vain costs the square of its number: a paragraph with more of it than this is shown as it is.
MARKS = re.compile(r"[\[\]*_~`<&\\]|!(?=\[)")
MOST_MARKS = 300
MOST = 50_000  # characters; what is stored has no more, but what people want to preview may
MOST_CELLS = 10_000  # of tables, with those that rows leave out
MOST_LINES = 2_000  # that are read as Markdown; the others are shown as they are
COST_OF_A_LINE = 10  # what a line costs beside its characters, in characters: each may be a block of its own
MOST_KEPT = 32 * 2**20  # bytes of HTML that a process keeps


# Without the labels of ticks, which repeat what is behind them.
PLACE = re.compile(r'<data value="(?:item:[^"]*">[^<]*|[^"]*">([^<]*))</data>')


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


# HTML in the source stays text. Lines end where their writer ended them.
# An address that is written down once and referred to often would make a short text a very long page.
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
_markdown.enable(["table", "strikethrough"]).disable(["reference"])
_markdown.block.ruler.at("table", _small_table, {"alt": ["paragraph", "reference"]})
_markdown.core.ruler.before("inline", "leave_heaps", _leave_heaps)
_markdown.core.ruler.push("lower_headings", _lower_headings)
prose_rules.extend(_markdown)


def cost_of(text: str) -> int:
    """Return what a text costs at most when it is rendered for the first time, in characters of plain text.

    A page limits the sum for all that it shows. 100,000 are less than half a second.
    """
    return len(text) + COST_OF_A_LINE * (text.count("\n") + 1)


def render_markdown(text: str) -> SafeString:
    """Return `text` as HTML for readers of whom nothing is known: what would depend on them is plain text."""
    return mark_safe(PLACE.sub(r"\1", render_kept(text)))  # noqa: S308 - nh3 has removed everything else


def render_kept(text: str) -> str:
    """Return `text` as HTML of the tags above, with links to the web and to mail addresses only.

    A process keeps what it has rendered. The HTML depends on nothing but the text, so it is never out of date, and it
    has no more than a `<data>` where readers see different things: `frontend.references` fills them. It is kept by
    tenant all the same: the time of a request must not tell whether another account has the same text. It is not kept
    in Redis: a client that can write there could put a script into a page.
    """
    tenant = get_active_tenant()
    key = (tenant and tenant.pk, sha256(text.encode()).digest())
    html = rendered.get(key)
    if html is None:
        html = _render(text)
        rendered.put(key, html)
    return html


def _render(text: str) -> str:
    lines = text[:MOST].split("\n")
    html = nh3.clean(
        _markdown.render("\n".join(lines[:MOST_LINES])),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    rest = "\n".join(lines[MOST_LINES:])
    return f"{html}<pre>{escape(rest)}</pre>\n" if rest.strip() else html


class Rendered:
    """The HTML of texts by key, the one that was used last at the end, of at most MOST_KEPT bytes together."""

    def __init__(self) -> None:
        self._html: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable) -> str | None:
        """Return the HTML of a text, None if it is not kept."""
        with self._lock:
            if key in self._html:
                self._html.move_to_end(key)
            return self._html.get(key)

    def put(self, key: Hashable, html: str) -> None:
        """Keep the HTML of a text, and drop those that were not used for longest."""
        with self._lock:
            if key in self._html:  # rendered by another request meanwhile
                return
            self._html[key] = html
            self.bytes += sys.getsizeof(html)
            while self.bytes > MOST_KEPT:
                _, dropped = self._html.popitem(last=False)
                self.bytes -= sys.getsizeof(dropped)


rendered = Rendered()

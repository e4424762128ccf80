"""Rendering of Markdown from members to sanitized HTML."""

import re
from collections.abc import MutableSequence
from hashlib import sha256

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from accounts.markdown.parsing import MARKS, NEWLINE, new_parser, split_text
from accounts.markdown.stack_frames import call_with_room
from frontend.shared import markdown_rules
from frontend.shared.html_cache import HTMLCache
from frontend.shared.markdown_labels import limit_labels
from tenancy.context import get_active_tenant

TAGS = {
    *("h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
    "data",  # replaced for each reader, as in frontend.task.references
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "data": {"value"}}
CLASSES = {"li": {"item"}}

COST_OF_A_LINE = 10  # cost of a line beside its characters, in characters, since each line can be a block
MOST_KEPT = 32 * 2**20  # bytes of HTML that a process caches


# Without the labels of checkboxes, which repeat the text of the item.
PLACE = re.compile(r'<data value="(?:item:[^"]*">[^<]*|[^"]*">([^<]*))</data>')


def _lower_headings(state: StateCore) -> None:
    """Begin at h3: the page has the h1, and the section around the text has the h2."""
    tokens: MutableSequence[Token] = state.tokens
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"


_markdown = new_parser()
_markdown.core.ruler.push("lower_headings", _lower_headings)
limit_labels(_markdown)
markdown_rules.extend(_markdown)


def cost_of(text: str) -> int:
    """Return the maximum cost of the first rendering of a text, in characters of plain text.

    A page limits the sum of its texts. 100,000 take less than half a second.
    """
    lines, marks = (len(pattern.findall(text)) for pattern in (NEWLINE, MARKS))
    return len(text) + COST_OF_A_LINE * (lines + 1) + marks


def render_markdown(text: str) -> SafeString:
    """Return `text` as HTML for unknown readers: everything that depends on the reader is plain text."""
    return mark_safe(PLACE.sub(r"\1", render_kept(text)))  # noqa: S308 - nh3 has removed everything else


def render_kept(text: str) -> str:
    """Return `text` as HTML of the tags above, with links to the web and to mail addresses only.

    Each process caches the HTML, which depends on the text only and so never expires. Places that depend on the reader
    are `<data>` elements, which pages replace. The key contains the tenant, so that response
    times do not disclose whether another account has the same text. The cache is not in Redis, since a client that can
    write there could insert a script into a page.
    """
    tenant = get_active_tenant()
    key = (tenant and tenant.pk, sha256(text.encode()).digest())
    html = rendered.get(key)
    if html is None:
        html = _render(text)
        rendered.put(key, html)
    return html


def _render(text: str) -> str:
    read, rest = split_text(text)
    html = nh3.clean(
        call_with_room(_markdown.render, read),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return f"{html}<pre>{escape(rest)}</pre>\n" if rest.strip() else html


rendered = HTMLCache(MOST_KEPT)

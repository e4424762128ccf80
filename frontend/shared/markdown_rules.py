"""Extensions of CommonMark: web addresses, references to rows, task lists and pictures.

The HTML is cached for all readers of an account. So places that depend on the reader are `<data>` elements, which no
input can produce and which pages replace for each reader, as `frontend.task.references` does.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, text
from markdown_it.token import Token

from accounts.extensions import reference_patterns
from accounts.markdown.parsing import admit_place
from frontend.shared.web_addresses import AFTER_SCHEME, SCHEMES, WWW, without_punctuation

LONGEST_LABEL = 80  # characters of an item that screen readers announce for its checkbox
SCHEME = 5  # letters of the longest scheme
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE | re.ASCII)  # the beginning of an external destination


def extend(markdown: MarkdownIt) -> None:
    """Add these rules to a parser."""
    markdown.inline.ruler.at("image", _image)
    markdown.inline.ruler.at("text", _read_text)
    markdown.core.ruler.push("places", _find_places)
    markdown.add_render_rule("place", _render_place)


def _web_address(state: StateInline, silent: bool) -> bool:
    """Parse an address `https://…` whose scheme was parsed last."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = SCHEMES.search(state.src[max(0, state.pos - SCHEME - 1) : state.pos])
    found = AFTER_SCHEME.match(state.src, state.pos, state.posMax)
    if scheme is None or found is None or not (silent or state.pending.endswith(scheme[0])):
        return False
    rest = without_punctuation(found[0])
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(scheme[0] + rest)}
        state.push("text", "", 0).content = scheme[0] + rest
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _image(state: StateInline, silent: bool) -> bool:
    """Parse a picture. Its text is plain text, since nested marks would be parsed once for each level."""
    if silent:
        return image(state, silent)
    state.env["in_picture"] = True
    try:
        return image(state, silent)
    finally:
        state.env["in_picture"] = False


def _read_text(state: StateInline, silent: bool) -> bool:
    """Parse text up to a special character, a web address behind its scheme, or all text of a picture."""
    if silent or not state.env.get("in_picture"):
        return text(state, silent) or _web_address(state, silent)
    state.pending += unescapeAll(state.src[state.pos : state.posMax])
    state.pos = state.posMax
    return True


def _find_places(state: StateCore) -> None:
    """Find the references, addresses and items in the parsed text."""
    for token in state.tokens:
        if token.type == "inline":
            children = list(_read(token.children or [], state))
            if item := token.meta.get("item"):
                children.insert(0, _place("item", item, _words(token.children or [])[:LONGEST_LABEL]))
            token.children = children


def _read(tokens: Sequence[Token], state: StateCore) -> Iterator[Token]:
    depth = 0  # nesting of links
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "image":
            yield from _picture(token, bool(depth), state)
        elif token.type == "text" and not depth:
            yield from _split(token, state)
        else:
            yield token


def _split(token: Token, state: StateCore) -> Iterator[Token]:
    """Yield the parts of a text: addresses that begin with `www.`, references, and the text between them."""
    end = 0
    for found in _addresses_and_references().finditer(token.content):
        kind = str(found.lastgroup)
        if kind != "web" and not admit_place(state):
            break
        words = without_punctuation(found[0]) if kind == "web" else found[0]
        yield _text(token.content[end : found.start()])
        end = found.start() + len(words)
        if kind == "web":
            yield from _link(state.md.normalizeLink(f"https://{words}"), words)
        else:
            yield _place(kind, words, words)
    yield _text(token.content[end:])


@cache  # not a constant: apps register their patterns when Django is ready
def _addresses_and_references() -> re.Pattern[str]:
    references = (rf"(?P<{kind}>{pattern})" for kind, pattern in reference_patterns.items())
    bounded = (rf"(?<![0-9A-Za-z_@-]){reference}(?![0-9A-Za-z_])" for reference in references)
    return re.compile("|".join([f"(?P<web>{WWW})", *bounded]))


def _picture(token: Token, in_link: bool, state: StateCore) -> Iterator[Token]:
    """Yield a link for an external picture, whose server must not learn its readers, otherwise a place."""
    source, words = str(token.attrs["src"]), _words(token.children or [])
    is_ours = bool(source) and not ELSEWHERE.match(source)
    if is_ours and admit_place(state):
        yield _place("linked" if in_link else "picture", unquote(source), words)
    elif is_ours or in_link or not source:
        yield _text(words or source)
    else:
        yield from _link(source, words or source, str(token.attrs.get("title", "")))


def _words(tokens: Sequence[Token]) -> str:
    """Return the visible text of `tokens` in one line."""
    words = (token.content if token.type in ("text", "code_inline", "image") else " " for token in tokens)
    return " ".join("".join(words).split())


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link(address: str, words: str, title: str = "") -> Iterator[Token]:
    attributes: dict[str, str | int | float] = {"href": address, **({"title": title} if title else {})}
    yield Token("link_open", "a", 1, attrs=attributes)
    yield _text(words)
    yield Token("link_close", "a", -1)


def _place(kind: str, value: str, words: str) -> Token:
    return Token("place", "data", 0, content=words, attrs={"value": f"{kind}:{value}"})


def _render_place(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    return f'<data value="{escape(token.attrs["value"])}">{escape(token.content)}</data>'

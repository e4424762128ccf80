"""`@` and somebody's e-mail address or full name, in a text of Markdown: docs/notifications.md."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from accounts.models import Membership

MOST = 200  # signs that are looked at in one text; whoever writes more of them means nobody
BEFORE = re.compile(r"[\w.@/-]$")  # an address or a path goes on with the sign
AFTER = re.compile(r"[\w@-]|\.\w")  # the word goes on behind what was found
CODE = "\0"  # in the place of code, so that what stands around it does not become one word

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def mentioned(body: str, members: Iterable[Membership]) -> list[Membership]:
    """Return those of `members` whom a text mentions, in its order. Needs `user` to be loaded.

    Upper and lower case are the same, and so is all space. Of two names that fit, the longer one is meant; several
    people of the same name are all meant. What is code mentions nobody.
    """
    if "@" not in body:
        return []
    known = _names(members)
    return list(dict.fromkeys(member for text in _texts(body) for member in _find(text, known)))


def _names(members: Iterable[Membership]) -> dict[str, list[Membership]]:
    known = defaultdict(list)
    for member in members:
        for name in {_plain(member.user.email), _plain(member.user.name)} - {""}:
            known[name].append(member)
    return known


def _find(text: str, known: dict[str, list[Membership]]) -> Iterator[Membership]:
    lengths = sorted({len(name) for name in known}, reverse=True)
    for place in [match.end() for match in re.finditer("@", text)][:MOST]:
        if BEFORE.search(text[: place - 1][-1:]):
            continue
        for length in lengths:
            name = text[place : place + length]
            if name in known and not AFTER.match(text, place + length):
                yield from known[name]
                break


def _texts(body: str) -> Iterator[str]:
    """Yield the paragraphs of a text as people read them, without code."""
    for block in _markdown.parse(body):
        if block.type == "inline":
            yield _plain("".join(_read(token) for token in block.children or ()))


def _read(token: Token) -> str:
    match token.type:
        case "text" | "text_special":
            return token.content
        case "softbreak" | "hardbreak":
            return " "
        case "code_inline":
            return CODE
    return ""


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())

"""`@` and a user's e-mail address or full name, in a text of Markdown: docs/notifications.md."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from markdown_it.token import Token

from accounts.markdown.parsing import new_parser, split_text
from accounts.markdown.stack_frames import call_with_room
from accounts.models import Membership
from tenancy.folding import VOICE_MARKS, is_unspaced, normalized

MOST = 200  # signs that are looked at in one text; a text with more of them mentions no members
SIGNS = "@\uff20"  # input methods of Chinese and Japanese write the wide one
JOINING = "._@\uff20/-"  # besides letters, digits and marks: an address or a path continues after it
CODE = "\0"  # replaces code, so that the text around it does not become one word

_markdown = new_parser()


def mentioned(body: str, members: Iterable[Membership]) -> list[Membership]:
    """Return those of `members` whom a text mentions, in its order. Needs `user` to be loaded.

    Case and the kind of space are ignored. The longest matching name counts; several members with this name are all
    mentioned. Where a word continues after the longest one, no part of it counts, unless
    that ends at a space. Code mentions no member.
    """
    if not may_mention(body):
        return []
    known = _names(members)
    return list(dict.fromkeys(member for text in _texts(body) for member in _find(text, known)))


def may_mention(body: str) -> bool:
    """Return whether a text has a sign that begins a mention."""
    return any(sign in body for sign in SIGNS)


def _names(members: Iterable[Membership]) -> dict[str, list[Membership]]:
    known = defaultdict(list)
    for member in members:
        for name in {_plain(member.user.email), _plain(member.user.name)} - {""}:
            known[name].append(member)
    return known


def _find(text: str, known: dict[str, list[Membership]]) -> Iterator[Membership]:
    lengths = sorted({len(name) for name in known}, reverse=True)
    for place in [match.end() for match in re.finditer(f"[{SIGNS}]", text)][:MOST]:
        if _leads_to(text[: place - 1][-1:]):
            continue
        ends = [place + length for length in lengths if text[place : place + length] in known]
        for end in ends:
            # "@Anna but" means Anna, although there is an Anna B too; "@王小明2" does not mean 王小.
            if end != ends[0] and text[end : end + 1] != " ":
                continue
            if not _goes_on(text, end):
                yield from known[text[place:end]]
                break
            if not text[end].isalpha():
                break


def _leads_to(before: str) -> bool:
    """Return whether the text before a sign belongs to it, as in an email address. `mentions.js` has the same rule."""
    if not before or is_unspaced(before):  # "请@王小明看": there are no spaces around a word
        return False
    return before in JOINING or unicodedata.category(before)[0] in "LNM"


def _goes_on(text: str, end: int) -> bool:
    """Return whether a word continues at `end`, so that it is not the name that was found."""
    after, next_ = text[end : end + 1], text[end + 1 : end + 2]
    if not after:
        return False
    if after == ".":
        return bool(next_) and (next_ == "_" or unicodedata.category(next_)[0] in "LNM")
    if unicodedata.category(after)[0] == "M" or after in VOICE_MARKS:
        return True
    return not is_unspaced(after) and (after in f"_-{SIGNS}" or unicodedata.category(after)[0] in "LN")


def _texts(body: str) -> Iterator[str]:
    """Yield the paragraphs of a text as readers see them, without code."""
    read, rest = split_text(body)
    for block in call_with_room(_markdown.parse, read):
        if block.type == "inline":
            yield _plain("".join(_read(token) for token in block.children or ()))
        elif block.type == "text":  # a paragraph that is shown as it was written
            yield _plain(block.content)
    yield _plain(rest)


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
    return " ".join(normalized(normalized(text).casefold()).split())

"""Task lists in Markdown, as GitHub writes them: `- [ ] Call the printer`."""

import re
from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext as _

from accounts.conflicts import Conflicting

NEWLINE = re.compile(r"\r\n?|\n")  # as Markdown counts lines
# What is before the mark of an item on its line, the mark, and what is behind it. Items can be in items and quotes.
_ITEM = r"([ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+(?:>[ \t]*)*)+\[)([ xX])(\][ \t]+(?=\S))"
ITEM = re.compile(_ITEM, re.ASCII)
_ITEMS = re.compile(f"^{_ITEM}", re.ASCII | re.MULTILINE)


class ItemChanged(Conflicting):
    """The text has other lines than those that the reader saw; nothing was changed."""


@dataclass(frozen=True)
class Tick:
    """What a reader asks for: that the item on a line, counted from 0, is done or not, in the text they saw."""

    line: int
    done: bool
    seen: str  # its fingerprint


def fingerprint(text: str) -> str:
    """Return what differs when a text does in more than the marks of its items: others may tick meanwhile."""
    plain = _ITEMS.sub(r"\1 \3", NEWLINE.sub("\n", text))
    return sha256(plain.encode()).hexdigest()[:16]


def ticked(text: str, tick: Tick) -> str:
    """Return `text` with one mark changed, and every other character as it was. Raises ItemChanged."""
    start = _start_of(text, tick.line)
    item = ITEM.match(text, start) if start is not None else None
    if item is None or tick.seen != fingerprint(text):
        raise ItemChanged(_("Somebody changed this text meanwhile. Look at the list again, and tick the item then."))
    if (item[2] != " ") == tick.done:
        return text
    return f"{text[: item.start(2)]}{'x' if tick.done else ' '}{text[item.end(2) :]}"


def _start_of(text: str, line: int) -> int | None:
    starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
    return starts[line] if line < len(starts) else None

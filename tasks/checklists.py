"""Task lists in Markdown, as GitHub writes them: `- [ ] Call the printer`."""

import re
from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext as _

from accounts.exceptions import Conflicting
from accounts.markdown.parsing import ITEM, ITEM_PATTERN, NEWLINE, item_lines

_ITEMS = re.compile(f"^{ITEM_PATTERN}", re.ASCII | re.MULTILINE)


class ItemChanged(Conflicting):
    """The text has other lines than those that the reader saw; nothing was changed."""


@dataclass(frozen=True)
class Tick:
    """A requested tick: the line of the item, counted from 0, whether it is done, and the text that the reader saw."""

    line: int
    done: bool
    seen: str  # its fingerprint


def fingerprint(text: str) -> str:
    """Return the text without the marks of its items, for comparison: others may tick meanwhile."""
    plain = _ITEMS.sub(r"\1 \3", NEWLINE.sub("\n", text))
    return sha256(plain.encode()).hexdigest()[:16]


def ticked(text: str, tick: Tick) -> str:
    """Return `text` with one mark changed, and every other character as it was. Raises ItemChanged."""
    item = _item_on(text, tick.line) if tick.seen == fingerprint(text) else None
    if item is None:
        raise ItemChanged(_("This text was changed in the meantime. Check the list again before you tick the item."))
    if (item[2] != " ") == tick.done:
        return text
    return f"{text[: item.start(2)]}{'x' if tick.done else ' '}{text[item.end(2) :]}"


def _item_on(text: str, line: int) -> re.Match[str] | None:
    """Return the item on a line; None for lines that render no item, such as in a block of code."""
    starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
    item = ITEM.match(text, starts[line]) if line < len(starts) else None
    return item if item is not None and line in item_lines(text) else None

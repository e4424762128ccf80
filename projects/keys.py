"""Keys such as WEB, made from a project's name when the client chose none."""

import re
import unicodedata
from collections.abc import Container, Iterator
from itertools import count

PROJECT_KEY = "[A-Z][A-Z0-9]{1,9}"  # a regular expression
MAX_LENGTH = 10
FALLBACK = "PRJ"


def key_from(name: str) -> str:
    """Return a valid key: the first letters of a single word, the initials of several, `PRJ` without Latin letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    words: list[str] = re.findall(r"[A-Z0-9]+", plain)
    text = words[0][:3] if len(words) == 1 else "".join(word[0] for word in words)[:4]
    return text if re.fullmatch(r"[A-Z][A-Z0-9]+", text) else FALLBACK


def free_keys(name: str, taken: Container[str]) -> Iterator[str]:
    """Yield keys for `name` that are not in `taken`, without end: WEB, WEB2, WEB3 …"""
    base = key_from(name)
    for number in count(1):
        suffix = "" if number == 1 else str(number)
        key = base[: MAX_LENGTH - len(suffix)] + suffix
        if key not in taken:
            yield key

"""Fractional indexing: ranks are texts that order rows, with room for a new rank between any two.

A rank is a number between 0 and 1 in base 62: five digits that count neighbors, then a fraction where something was
put between two neighbors. It needs the order of bytes, as `RankField` has it (`COLLATE "C"`). Two moves to one place
at the same moment can give two rows one rank, so queries order by rank and then id.

Every function raises ValueError where there is no room, and for texts that are not ranks. The remedy is the same: lock
the rows of the list and give them new ranks with `spread()`.
"""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _lazy

NO_RANK = _lazy("This is not a rank. Use one that the API returned, or a text between two of them.")

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # ascending, byte by byte
BASE = len(DIGITS)
WHOLE = 5  # digits before the fraction: 458 million places on either side of the first
LAST = BASE**WHOLE - 1
MAX_LENGTH = 255  # what `RankField` holds


def first() -> str:
    """Return the rank of the only row."""
    return _whole(LAST // 2 + 1)


def after(rank: str) -> str:
    """Return a rank after `rank`, which was the last."""
    number, _ = _parse(rank)
    if number == LAST:
        raise ValueError(f"There is no rank after {rank!r}: give the rows new ranks with spread().")
    return _whole(number + 1)


def at_end(present: Iterable[str]) -> str:
    """Return a rank behind all of `present`, which may be empty. Never raises: the last one of all may be shared."""
    last = max(present, default=None)
    if last is None:
        return first()
    try:
        return after(last)
    except ValueError:  # the last rank that there is was chosen; rows may share one, and order by id then
        return last


def before(rank: str) -> str:
    """Return a rank before `rank`, which was the first."""
    number, fraction = _parse(rank)
    if fraction:
        return _whole(number)
    if number == 0:
        raise ValueError(f"There is no rank before {rank!r}: give the rows new ranks with spread().")
    return _whole(number - 1)


def between(low: str, high: str) -> str:
    """Return a rank between two, of which `low` must be the lower; one place takes some 1,200 in a row."""
    number, fraction = _parse(low)
    upper, upper_fraction = _parse(high)
    if low >= high:
        raise ValueError(f"There is nothing between {low!r} and {high!r}: the first must be lower than the second.")
    if upper - number > 1:
        return _whole((number + upper) // 2)
    if upper > number and upper_fraction:
        return _whole(upper)
    rank = _whole(number) + _middle(fraction, upper_fraction if upper == number else None)
    if len(rank) > MAX_LENGTH:
        raise ValueError(f"No room between {low[:9]}… and {high[:9]}…: give the rows new ranks with spread().")
    return rank


def in_gap(low: str | None, high: str | None) -> str:
    """Return a rank between two neighbors, of which None stands for the beginning or the end of the list."""
    if low is not None and high is not None:
        return between(low, high)
    if high is not None:
        return before(high)
    return after(low) if low is not None else first()


def spread(count: int) -> list[str]:
    """Return `count` ascending ranks, evenly spaced, for rows that get their first or new ranks."""
    start = LAST // 2 + 1
    if not 0 <= count <= LAST - start + 1:
        raise ValueError(f"spread() takes a count from 0 to {LAST - start + 1}, not {count}.")
    return [_whole(start + place) for place in range(count)]


def is_rank(text: str) -> bool:
    """Return whether `text` is a rank, so that there can be others beside it."""
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def _whole(number: int) -> str:
    digits = []
    for _ in range(WHOLE):
        number, digit = divmod(number, BASE)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))


def _parse(rank: str) -> tuple[int, str]:
    """Return the number before the fraction, and the fraction."""
    whole, fraction = rank[:WHOLE], rank[WHOLE:]
    # A fraction that ends with zero would be the same number as without it, with nothing in between.
    if len(whole) < WHOLE or len(rank) > MAX_LENGTH or not set(rank) <= set(DIGITS) or fraction.endswith(DIGITS[0]):
        raise ValueError(f"{rank[:40]!r} is not a rank: {WHOLE} to {MAX_LENGTH} letters and digits, as first() makes.")
    number = 0
    for character in whole:
        number = number * BASE + DIGITS.index(character)
    return number, fraction


def _middle(low: str, high: str | None) -> str:
    """Return a fraction between two; `high` is None for the end of the place. Never ends with zero."""
    digits = ""
    while True:
        place = len(digits)
        below = DIGITS.index(low[place]) if place < len(low) else 0
        above = DIGITS.index(high[place]) if high is not None else BASE
        if above - below > 1:
            return digits + DIGITS[(below + above) // 2]
        digits += DIGITS[below]
        if above > below:
            high = None  # whatever follows, it is lower

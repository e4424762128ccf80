"""Pages of long lists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import InvalidPage, Page, Paginator
from django.http import Http404, HttpRequest

NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class UncountedPage:
    """A page of a list whose rows are not counted. Templates read it like a page of Django's paginator."""

    rows: list[Any]
    number: int
    size: int
    has_next: bool

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def start_index(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def end_index(self) -> int:
        return self.start_index + len(self.rows) - 1


def page_of(request: HttpRequest, rows: Any, size: int) -> "Page[Any]":
    """Return the page of `rows` that the URL names. Raises Http404 for a page that does not exist."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404 from error


def uncounted_page_of(request: HttpRequest, rows: Any, size: int) -> UncountedPage:
    """Return the page of `rows` that the URL names, without counting all rows: one query.

    Raises Http404 for a page that does not exist. The first page always does.
    """
    text = request.GET.get("page", "1")
    if not NUMBER.fullmatch(text):
        raise Http404
    number = int(text)
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    if not found and number > 1:
        raise Http404
    return UncountedPage(found[:size], number, size, has_next=len(found) > size)

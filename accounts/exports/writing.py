"""Parts of files: rows of CSV that no spreadsheet computes, JSON, text in UTF-8, and the limit of their size."""

import csv
import json
import re
from collections.abc import Iterable
from io import TextIOWrapper
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder

MOST_BYTES = 256 * 1024 * 1024  # of one file, and on the disk while an XLSX is written

# Spreadsheets separate by what their locale has for lists, and many treat a tab so. Quotes keep a value together only
# for a reader that takes commas for separators: with another one the second value of a line does not begin at a quote.
_BEGIN = r"(?:\A|(?<=[,;|\t\n\r\u060c\u061b]))"
# What is not shown in front of a formula, and quotes, which are taken off; of separators there is none in it.
_HIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\"\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
# Apostrophes that were there before are part of it, so that there is always one to take away.
_FORMULA = rf"(?='*{_HIDDEN}[=+\-@＝＋－＠])"
_LEADING_BREAK = r"(?='*[\t\r\n])"  # which some leave out in front of a formula
FORMULA = re.compile(rf"{_BEGIN}{_FORMULA}|\A{_LEADING_BREAK}")


class CsvTable:
    """Writes rows in the one way of all CSV files here: RFC 4180, with all values in quotes."""

    def __init__(self, text: IO[str]) -> None:
        self._rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def write(self, *rows: Iterable[object]) -> None:
        self._rows.writerows([cell(value) for value in row] for row in rows)


def cell(value: object) -> str:
    """Return a value as text that no spreadsheet computes: an apostrophe is in front of each formula. None is empty.

    The text can be had back: docs/exports.md says how. Times are ISO 8601.
    """
    if value is None:
        return ""
    return FORMULA.sub("'", value.isoformat() if hasattr(value, "isoformat") else str(value))


class TooLarge(Exception):
    """The file would be larger than an export may be."""


def require_room(file: IO[bytes], most: int) -> None:
    """Raise TooLarge when there are more than `most` bytes in a file so far."""
    if file.tell() > most:
        raise TooLarge(f"More than {most} bytes.")


class TextWriter:
    """The base of writers of text: UTF-8, and a limit."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self.file, self.most = file, most
        self.text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)

    def check(self) -> None:
        """Raise TooLarge when there are more bytes than `most`."""
        require_room(self.file, self.most)

    def close(self) -> None:
        """Leave the file open: the caller reads it."""
        self.text.detach()


def as_json(value: Any) -> str:
    """Return a value of the database as JSON."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)

"""XLSX files, which spreadsheets open without questions, written row by row in bounded memory."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from os import scandir
from tempfile import TemporaryDirectory
from typing import IO

from django.utils import timezone
from xlsxwriter import Workbook as Writer

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a sheet has at most (support.microsoft.com, "Excel specifications and limits"), in rows and in UTF-16 units.
MOST_ROWS, MOST_IN_CELL = 1_048_576, 32_767
EXACT = 2**53  # numbers are floating point
FIRST_DAY = date(1900, 3, 1)  # sheets have no days before 1900, and count one that there was not
FIRST_MOMENT = datetime.combine(FIRST_DAY, time.min)
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

OPTIONS = {
    "constant_memory": True,  # one row; those before it are in a file of `tmpdir`
    # Only write_string() is used for texts, which is none of this; a cell of a later change is not to be either.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class SheetFull(Exception):
    """There are more rows than a sheet can have, or more bytes than it may have."""


class Workbook:
    """A sheet of rows and a sheet that describes the export: `head()`, `write()` for each row, `finish()`, `close()`.

    `finish()` writes the file, and `close()` removes what is left of one that was not finished. It needs the disk for
    twice the bytes of the sheet, of which there are at most `most`.
    """

    def __init__(self, file: IO[bytes], *, title: str, zone: tzinfo, most: int) -> None:
        self._folder = TemporaryDirectory()  # left to the garbage by XlsxWriter if it is not finished
        self._book = Writer(file, {**OPTIONS, "tmpdir": self._folder.name})
        self._bold = self._book.add_format({"bold": True})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet = self._book.add_worksheet(title)
        self._zone, self._most, self._row = zone, most, 0

    def head(self, names: Iterable[str]) -> None:
        """Write the names of the columns, as the first row."""
        names = list(names)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(names) - 1, 20)
        for column, name in enumerate(names):
            self._sheet.write_string(self._row, column, name, self._bold)
        self._row += 1

    def write(self, values: Iterable[object]) -> None:
        """Write a row: texts as texts, numbers, days, and moments as they were in the zone. Raises SheetFull."""
        if self._row >= MOST_ROWS:
            raise SheetFull(f"More than {MOST_ROWS} rows.")
        for column, value in enumerate(values):
            self._write_cell(column, value)
        self._row += 1
        if sum(entry.stat().st_size for entry in scandir(self._folder.name)) > self._most:
            raise SheetFull(f"More than {self._most} bytes.")

    def finish(self, about: Mapping[str, object]) -> None:
        """Write the second sheet and the file: what `about` says, the time zone, and when it was written."""
        self._sheet = self._book.add_worksheet("About")
        self._sheet.set_column(0, 1, 30)
        self._row = 0
        for pair in ({**about, "time_zone": str(self._zone), "exported_at": timezone.now()}).items():
            self.write(pair)
        self._book.close()

    def close(self) -> None:
        """Remove what is left on the disk, whether it was finished or not."""
        for sheet in self._book.worksheets():
            sheet._opt_close()  # XlsxWriter has no way to give a file up
        self._folder.cleanup()

    def _write_cell(self, column: int, value: object) -> None:
        if isinstance(value, datetime):
            value = value.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
            if value >= FIRST_MOMENT:
                self._sheet.write_datetime(self._row, column, value, self._moment)
                return
        elif isinstance(value, date) and value >= FIRST_DAY:
            self._sheet.write_datetime(self._row, column, value, self._date)
            return
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT:
            self._sheet.write_number(self._row, column, value)
            return
        if text := as_text(value):
            self._sheet.write_string(self._row, column, text)


def as_text(value: object) -> str:
    """Return what a cell can have of a text: XML has no control characters, and a long one ends with an ellipsis."""
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    text = NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) * 2 <= MOST_IN_CELL or len(units := text.encode("utf-16-le")) <= 2 * MOST_IN_CELL:
        return text
    return units[: 2 * (MOST_IN_CELL - 1)].decode("utf-16-le", errors="ignore") + "…"

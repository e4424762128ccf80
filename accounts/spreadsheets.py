"""Cells of CSV files, which people open in spreadsheets."""

import re

# What a spreadsheet takes for the beginning of a formula, also behind what it does not show.
FORMULA = re.compile(r"[\t\r]|[\s\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠]")


def cell(value: object) -> str:
    """Return a value as text that no spreadsheet computes: an apostrophe makes text of a formula. None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if FORMULA.match(text) else text

"""docs/security.md: a requirement is met by a test, or says that it is not met."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text()
LINE = re.compile(r"^\| (\d+\.\d+(?:\.\d+)?) \| (?:[123] )?\| (.+?) \| (.+) \|$", re.MULTILINE)


def test_security_page_names_tests():
    """tests/config/test_docs.py checks that the tests exist."""
    assert len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", PAGE)) > 60


def test_security_page_has_every_requirement_of_the_four_chapters():
    numbers = [number for number, *_ in LINE.findall(PAGE)]
    assert len(numbers) == len(set(numbers))
    parts = {"6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3}
    parts |= {"7.6": 2, "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "9.1": 3, "9.2": 4}
    expected = {f"{part}.{number}" for part, count in parts.items() for number in range(1, count + 1)}
    assert set(numbers) == expected | {"6.6", "6.7", "6.8"}

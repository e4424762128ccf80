"""The words that docs/glossary.md excludes do not occur."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {".css", ".html", ".js", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".yml"}
NOT_CHECKED = {
    "docs/glossary.md": "lists the words",
    "tests/config/test_words.py": "names words to show that they are found",
    "tests/deployment/up.py": "names a Unix user",
    "tests/pooler/pgbouncer.py": "names a Unix user",
}


def excluded_words() -> set[str]:
    """Return the words in bold in the last column of the glossary's tables, in lower case."""
    rows = [line for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line.startswith("|")]
    return {word.lower() for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row.split("|")[3])}


def pattern() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, excluded_words())))
    return re.compile(rf"(?<![a-z])({words})s?(?![a-z])", re.IGNORECASE)


def files() -> list[str]:
    names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    if (ROOT / ".git").exists():
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
        names = tracked.stdout.rstrip("\0").split("\0")
    return [name for name in names if Path(name).suffix in TEXTS]


def test_no_file_contains_a_word_that_the_glossary_excludes():
    found = []
    for name in files():
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            if name not in NOT_CHECKED and (match := pattern().search(line)):
                found.append(f"{name}:{number}: {match[0]!r}")
    assert not found, "docs/glossary.md has the words to use instead:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text",
    ["Nobody reads it.", "whoever asks", "a poke that is lost", "NOBODY = 1", "two pokes", "Strangers", "in vain"],
)
def test_excluded_words_are_found(text):
    assert pattern().search(text)


def test_exceptions_name_existing_files():
    assert all((ROOT / name).is_file() for name in NOT_CHECKED)

"""README and docs refer to existing tests, files, pages, headings, targets of make and commands."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from tenancy import routing

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "accounts|benchmarks|config|docker|docs|examples|frontend|projects|tasks|tenancy|tests"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


@cache
def names_in(file):
    """Return the names of the functions of a file."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@cache
def anchors_of(page):
    """Return the anchors of the headings of a page, as GitHub generates them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_named_tests_exist(page):
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page.read_text())
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


@each_page
def test_named_files_exist(page):
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*\.\w+)", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@each_page
def test_names_are_in_the_files_that_it_gives(page):
    """As in "`OBVIOUS` in `accounts/validation.py`"."""
    given = re.findall(rf"`([A-Za-z_.]+)(?:\(\))?`(?:,? in|\s\() ?`((?:{FOLDERS})/[\w./-]*\.\w+)`", page.read_text())
    assert [(name, file) for name, file in given if name not in (ROOT / file).read_text()] == []


@each_page
def test_links_of_a_page_have_targets(page):
    broken = []
    for path, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text()):
        target = page.parent / path if path else page
        if path.startswith("http"):
            continue
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []


def test_readme_links_every_page_of_docs():
    linked = set(re.findall(r"\]\((docs/[\w./-]+\.md)", (ROOT / "README.md").read_text()))
    assert {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")} <= linked


def test_pages_list_what_the_settings_and_modules_define():
    """Shared prefixes of cache keys, resolvers, and site layouts with their URLconfs."""
    resolvers = [
        name for name, value in vars(routing).items() if isinstance(value, type) and name.endswith("Resolver")
    ]
    variants = settings.TENANCY["VARIANTS"]
    defined = {
        "cache": settings.TENANCY["PUBLIC_CACHE_KEYS"],
        "routing": resolvers,
        "site-layouts": [*variants, *(variant["URLCONF"] for variant in variants.values())],
    }
    for name, words in defined.items():
        text = (ROOT / "docs" / f"{name}.md").read_text()
        assert [word for word in words if f"`{word}`" not in text] == [], name
    assert len(resolvers) == 4


@each_page
def test_targets_of_make_exist(page):
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", page.read_text())) <= set(targets)


@each_page
def test_commands_exist(page):
    assert set(re.findall(r"manage\.py ([a-z_]+)", page.read_text())) <= set(get_commands())


def test_every_attack_has_a_number_and_every_file_of_attacks_is_named():
    text = (ROOT / "docs/attacks.md").read_text()
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/isolation").glob("test_*.py")}
    # These check the tests themselves and the query plans; they are no attacks.
    assert files - set(re.findall(r"`(tests/[\w/]+\.py)", text)) == {
        "tests/isolation/test_canaries.py",
        "tests/isolation/test_plans.py",
    }

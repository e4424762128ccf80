"""The values that scripts, compose and documents give to variables: each must be one that the settings accept."""

import ast
import re
from pathlib import Path

import pytest

from config.environment import TEST_PROGRAMS, VARIABLES, read

ROOT = Path(__file__).resolve().parents[2]
FILES = ["*.md", "docs/**/*.md", "*.yml", ".github/**/*.yml", ".ci/*", ".env.example", "Dockerfile", "Makefile"]
NAMES = "|".join(sorted(VARIABLES, key=len, reverse=True))
GIVEN = re.compile(rf"""(?<![\w.${{])({NAMES})(?:=|\+=,|:\ )("[^"\n]*"|[^\s`|)#]*)""", re.VERBOSE)
DEFAULT = re.compile(r"\$\{\w+:-([^${}]*)\}")  # of a variable of compose
PLACEHOLDERS = {"", "…"}


def given_values():
    """Return (file, variable, value) for each value that a file of the repository gives to a variable of the table."""
    found = set()
    for path in (path for pattern in FILES for path in ROOT.glob(pattern) if path.is_file()):
        for variable, text in GIVEN.findall(path.read_text()):
            value = DEFAULT.sub(r"\1", DEFAULT.sub(r"\1", text.strip('"'))).rstrip(".,:;")
            if value not in PLACEHOLDERS:
                found.add((path.relative_to(ROOT).as_posix(), variable, value))
    return sorted(found)


@pytest.mark.parametrize(("file", "variable", "value"), given_values())
def test_given_value_is_valid(monkeypatch, file, variable, value):
    monkeypatch.setenv(variable, value)
    read(variable)


def test_values_of_scripts_compose_and_documents_are_found():
    found = {(file, variable) for file, variable, _ in given_values()}
    assert {(".ci/run", "REQUIRE"), ("docker-compose.yml", "PORT"), ("README.md", "DEBUG")} <= found


def test_programs_that_tests_need_are_the_ones_that_may_be_required():
    needed = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "needs_program":
                needed |= {ast.literal_eval(argument) for argument in node.args}
    assert needed == set(TEST_PROGRAMS)

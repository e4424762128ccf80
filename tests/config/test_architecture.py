"""docs/architecture.md names functions that exist, and its diagram shows the models."""

import ast
import re
from pathlib import Path

import pytest

from config.diagram import lines

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
NAMED = re.findall(r"`([\w/]+\.py):(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}:{name}" for file, name in NAMED])
def test_named_function_or_class_exists(file, name):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    defined = {node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, kinds)}
    assert name in defined, f"docs/architecture.md names {name}, which is not in {file}."


def test_page_has_the_five_paths():
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert headings[1:6] == [
        "A request",
        "A write, to the second browser",
        "A job",
        "A file",
        "The tenant, into PostgreSQL",
    ]
    assert len(NAMED) > 30


def test_diagram_shows_the_models():
    shown = re.search(r"```mermaid\n(erDiagram\n.*?)```", PAGE, re.DOTALL)
    assert shown
    assert shown[1].splitlines() == list(lines()), "Paste the output of config.diagram: see CONTRIBUTING.md."

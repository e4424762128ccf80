"""The texts of accounts, which a fork keeps, name no project and no task."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRACKER = re.compile(r"\b(project|task)s?\b", re.IGNORECASE)
MAY_NAME = {"accounts/validation.py: task tracker"}  # a password that is easy to guess


def _texts(tree):
    """Yield the strings of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, documented)]
    docstrings = {body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.value


def test_texts_of_accounts_do_not_name_the_tracker():
    modules = [path for path in (ROOT / "accounts").rglob("*.py") if "migrations" not in path.parts]
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules
        for text in _texts(ast.parse(path.read_text()))
        if TRACKER.search(text)
    }
    assert len(modules) > 50
    assert found == MAY_NAME, "Let the app declare the text in its extensions.py."


def test_templates_of_emails_do_not_name_the_tracker():
    templates = [path for path in (ROOT / "accounts/templates").rglob("*") if path.is_file()]
    assert templates
    assert not [path for path in templates if TRACKER.search(path.read_text())]

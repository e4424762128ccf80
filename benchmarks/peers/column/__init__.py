"""A migration that adds a column to the table of subtasks of any system, after its own migrations."""

import pkgutil
from importlib import import_module


def last_of(package: str) -> str:
    """Return the name of the last migration in a package of migrations."""
    return max(module.name for module in pkgutil.iter_modules(import_module(package).__path__))

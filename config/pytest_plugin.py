"""Starts the embedded servers that the environment does not name, before pytest-django reads the settings.

The xdist controller starts them; its workers find the variables in their environment.
"""

import os
from pathlib import Path

import pytest

from config import services

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    # Servers of the tests' own: they may lose data when the machine fails, which makes them several times faster.
    os.environ.setdefault("DATA_DIR", str(ROOT / ".data" / "tests"))
    os.environ.setdefault("EMBEDDED_FSYNC", "0")
    services.ensure(owner=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

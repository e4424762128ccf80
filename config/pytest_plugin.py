"""Starts the embedded servers that the environment does not name, before pytest-django reads the settings.

The xdist controller starts them; its workers find the variables in their environment.
"""

import os

import pytest

from config import services


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    services.ensure(owner=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

"""Every app of the project is covered by the import contracts, the type check and the image."""

import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
APPS = sorted(
    name
    for config in apps.get_app_configs()
    if Path(config.path).is_relative_to(ROOT) and (name := config.name.partition(".")[0]) != "tests"
    if not Path(config.path).is_relative_to(ROOT / ".venv")
)


def test_apps_of_the_project_are_found():
    assert {"accounts", "frontend", "tenancy"} <= set(APPS)


@pytest.mark.parametrize("app", APPS)
def test_import_contracts_cover_app(app):
    layers = next(each["layers"] for each in CONTRACTS["contracts"] if each["type"] == "layers")
    assert app in CONTRACTS["root_packages"], f"Add {app!r} to root_packages in pyproject.toml."
    assert app in layers, f"Add {app!r} to the layers in pyproject.toml, above the apps that it imports."


@pytest.mark.parametrize("app", APPS)
def test_type_check_covers_app(app):
    packages = re.search(r"^PACKAGES := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert packages
    assert app in packages[1].split(), f"Add {app!r} to PACKAGES in the Makefile."


@pytest.mark.parametrize("app", APPS)
def test_image_contains_app(app):
    assert f"COPY {app} {app}\n" in (ROOT / "Dockerfile").read_text(), f"Add `COPY {app} {app}` to the Dockerfile."

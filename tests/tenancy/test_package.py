"""The imports of the package, in a new process that finds none of the other packages."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
OTHER_PACKAGES = {"accounts", "config", "frontend", "projects", "tasks"}
# Dependencies of jobs, sockets, files, tokens and cache. Models must not import them: scripts import models alone.
SERVICES = {"boto3", "celery", "channels", "kombu", "redis", "rest_framework"}
SET_UP = """
import importlib, json, pkgutil, sys
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=[{apps}], TENANT_MODEL="accounts.Account", TENANCY={{}}, USE_TZ=True,
    SECRET_KEY="sample", STORAGES={{"default": {{"BACKEND": "tenancy.storage.TenantStorage"}}}},
)
import tenancy.apps
tenancy.apps.TenancyConfig.ready = lambda self: None  # it imports the checks and the resolvers
django.setup()
"""
IMPORT_MODELS = "import tenancy.models\n"
IMPORT_ALL = """
for module in pkgutil.walk_packages(tenancy.__path__, "tenancy."):
    importlib.import_module(module.name)
"""
PRINT = "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: Any) -> Path:
    """Return a folder that contains only the package."""
    folder: Path = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "tenancy", folder / "tenancy", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def packages_after(code: str, folder: Path, *apps: str) -> set[str]:
    """Return the names of the packages that a fresh process has loaded after `code`."""
    names = ", ".join(map(repr, (*apps, "tenancy")))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", SET_UP.format(apps=names) + code + PRINT],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout))


def test_models_import_no_client_of_a_service(copy):
    loaded = packages_after(IMPORT_MODELS, copy)

    assert "tenancy" in loaded
    assert not loaded & SERVICES


def test_package_imports_none_of_the_other_packages(copy):
    loaded = packages_after(IMPORT_ALL, copy, "django.contrib.contenttypes", "django.contrib.auth")

    assert loaded >= SERVICES
    assert not loaded & OTHER_PACKAGES

"""Generators make clients of the OpenAPI document without a warning: one for Python and one for TypeScript."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.openapi import DOCUMENT

ROOT = Path(__file__).resolve().parents[2]


def run(*command, folder):
    """Run a generator in an empty folder. Return its output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # which has ruff, to format the client
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=300, check=False
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def test_openapi_python_client_makes_a_client_without_a_warning(tmp_path):
    options = [
        "--path",
        str(DOCUMENT),
        "--config",
        str(ROOT / "examples/openapi-python-client.yml"),
        "--fail-on-warning",
    ]
    command = [sys.executable, "-m", "openapi_python_client", "generate", *options, "--output-path", "made"]
    assert run(*command, folder=tmp_path).strip() == "Generating made"
    made = tmp_path / "made/commonhold_client"
    assert (made / "api/tasks/complete_task.py").is_file()
    assert (made / "api/account/set_account_logo.py").is_file()
    assert "due_date: datetime.date | None\n" in (made / "models/task.py").read_text()  # always present


@pytest.mark.needs_program("openapi-typescript")
def test_openapi_typescript_makes_types_without_a_warning(tmp_path):
    printed = run("openapi-typescript", str(DOCUMENT), "--output", "made.ts", folder=tmp_path)
    assert "warn" not in printed.lower()
    assert 'operations["completeTask"]' in (tmp_path / "made.ts").read_text()

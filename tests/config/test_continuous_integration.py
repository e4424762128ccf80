"""The workflow that GitHub runs, the updates that it proposes, and what they rely on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github/workflows/ci.yml"
UPDATES = ROOT / ".github/dependabot.yml"
SCHEMAS = {WORKFLOW: "vendor.github-workflows", UPDATES: "vendor.dependabot"}


@pytest.fixture
def job():
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]["ci"]


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=lambda each: getattr(each, "name", each))
def test_file_follows_its_schema(file, schema):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_workflow_runs_every_python_from_the_oldest_that_is_required(job):
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest = int(re.fullmatch(r">=3\.(\d+)", required)[1])
    versions = job["strategy"]["matrix"]["python"]
    assert versions == [f"3.{oldest + number}" for number in range(len(versions))]
    assert (ROOT / ".python-version").read_text().strip() in versions


def test_workflow_runs_what_a_developer_runs_with_the_python_of_the_matrix(job):
    (step,) = [step for step in job["steps"] if "bash .ci/run" in step.get("run", "")]
    (python,) = [step for step in job["steps"] if step.get("id") == "python"]
    assert step["env"] == {"VENV_PYTHON": "${{ steps.python.outputs.python-path }}"}
    assert python["with"]["python-version"] == "${{ matrix.python }}"


def test_workflow_may_only_read(job):
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert "pull_request_target" not in WORKFLOW.read_text()


def test_venv_uses_the_requested_python(tmp_path):
    """A fake Python with a name that no other search finds."""
    python = tmp_path / "another-python"
    python.write_text(f'#!/bin/sh\necho asked >> "{tmp_path}/asked"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = _create_venv(tmp_path, python)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").exists()
    assert (tmp_path / "venv/bin/python").exists()


def test_missing_python_is_not_replaced_by_another(tmp_path):
    done = _create_venv(tmp_path, tmp_path / "absent")
    assert done.returncode == 2
    assert f"VENV_PYTHON={tmp_path}/absent does not run" in done.stderr
    assert not (tmp_path / "venv").exists()


def _create_venv(folder, python):
    command = ["sh", "config/venv.sh", "create", str(folder / "venv")]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "VENV_PYTHON": str(python)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_file_that_pins_versions_is_kept_up_to_date():
    updates = {update["package-ecosystem"] for update in yaml.safe_load(UPDATES.read_text())["updates"]}
    assert updates == {"pip", "github-actions", "docker", "docker-compose"}

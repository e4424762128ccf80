"""The project of `benchmarks/peers` that needs no other package, and what is pinned for the others."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers.column import last_of
from benchmarks.peers.rows import rows_of
from benchmarks.peers.systems import SYSTEMS

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
PINNED = re.compile(r"^([a-z0-9-]+)(?:\[\w+\])?==([^\s;]+)", re.MULTILINE)


def run(*arguments, settings="benchmarks.peers.plain.settings", **variables):
    """Run Python with the settings; nothing listens at the port of the database."""
    given = {"PGHOST": "127.0.0.1", "PGPORT": "9", "DJANGO_SETTINGS_MODULE": settings, **variables}
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False)


def test_plain_project_has_no_problem_and_its_migration_is_complete():
    for command in (["check"], ["makemigrations", "--check", "--dry-run"]):
        done = run("-m", "django", *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_each_system_has_tenants_and_a_first_migration(system):
    assert (PEERS / system.name / "tenants.py").is_file()
    assert last_of(system.migrations) == "0001_initial"


def test_one_more_migration_adds_the_column():
    program = (
        "import django; django.setup();"
        "from django.db.migrations.loader import MigrationLoader;"
        "loader = MigrationLoader(None);"
        "(leaf,) = loader.graph.leaf_nodes('tasks');"
        "print(leaf[1], 'estimate' in loader.project_state().models['tasks', 'subtask'].fields)"
    )
    done = run(
        *("-c", program),
        settings="benchmarks.peers.column.settings",
        COLUMN_SETTINGS="benchmarks.peers.plain.settings",
        COLUMN_MIGRATIONS="benchmarks.peers.plain.migrations",
    )
    assert done.stdout.split() == ["x_subtask_estimate", "True"], done.stderr


def test_rows_of_a_tenant_are_the_same_in_each_run_and_differ_between_tenants():
    assert rows_of(1) == rows_of(1) != rows_of(2)
    assert sum(len(task.subtasks) for project in rows_of(1) for task in project.tasks) == 480


def test_peers_use_the_pinned_versions_of_this_project():
    ours, peers = (dict(PINNED.findall((folder / "requirements.txt").read_text())) for folder in (ROOT, PEERS))
    assert {"django-tenants", "django-multitenant"} <= peers.keys()
    shared = peers.keys() & ours.keys()
    assert "django" in shared
    assert {name: peers[name] for name in shared} == {name: ours[name] for name in shared}


def test_peers_are_not_installed_for_development():
    assert "django-tenants" not in (ROOT / "requirements-dev.txt").read_text()

"""The isolation suite again, with fewer connections than users: PgBouncer in transaction mode.

The app role's connection goes through it; the owner and the operator connect directly, as they do in a deployment.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pooler.pgbouncer import pooled, with_database, without_pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1200  # for what hangs

# Transactional tests, as in the application: PgBouncer may choose another connection for each transaction.
# A test in one outer transaction keeps one connection to its end, behind PgBouncer as without it, so the routes are
# not tried again here: tests/isolation/test_load.py does that, by a live web process behind PgBouncer. No test of
# these uses two connections at once, so a pool of one is enough.
SUITE = [
    "tests/isolation/test_database.py",
    "tests/isolation/test_one_connection.py",
    "tests/tenancy/test_cursor.py",
]


def run_suite(url: str, name: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in a separate pytest process, on a separate test database."""
    environment = without_pytest(os.environ) | {
        "DATABASE_URL": with_database(url, name),
        "DATABASE_OWNER_URL": with_database(os.environ["DATABASE_OWNER_URL"], name),
        "DATABASE_OPERATOR_URL": with_database(os.environ["DATABASE_OPERATOR_URL"], name),
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *SUITE],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.needs_program("pgbouncer")
@pytest.mark.parametrize("size", [2, 1])
def test_suite_passes_behind_pgbouncer(tmp_path, size):
    with pooled(os.environ["DATABASE_URL"], size=size, folder=tmp_path) as url:
        done = run_suite(url, f"pooled{size}")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout.splitlines()[-1]

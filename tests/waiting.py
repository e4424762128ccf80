"""Waiting until another connection waits for a lock, for tests of concurrency."""

import time

from django.db import connection

# Seconds until a test gives up. For a slow machine with other work: no test passes or fails by how long a thing takes.
PATIENCE = 120.0


def wait_until_blocked(unless=lambda: False):
    """Wait until another connection waits for a lock of this one, or `unless` says that none will."""
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0] or unless():
                return
            assert time.monotonic() < deadline, "No connection waits."

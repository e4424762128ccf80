"""Waiting until another connection waits for a lock, for tests of concurrency."""

import time

from django.db import connection

# The timeout of a test, in seconds, long enough for a slow and busy machine: no test depends on durations.
PATIENCE = 120.0


def wait_until_blocked(unless=lambda: False):
    """Wait until another connection waits for a lock of this one, or until `unless` returns that it will not."""
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

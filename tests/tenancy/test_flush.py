"""The flush after a transactional test, while a server of the test may still work on a request."""

import psycopg
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("deadlocks", "is_done"), [(0, True), (2, True), (3, False)])
def test_flush_is_repeated_after_a_deadlock(monkeypatch, deadlocks, is_done):
    connect, attempts = psycopg.connect, []

    def connect_or_fail(**parameters):
        attempts.append(1)
        if len(attempts) <= deadlocks:
            raise psycopg.errors.DeadlockDetected
        return connect(**parameters)

    monkeypatch.setattr("tenancy.postgresql.operations.psycopg.connect", connect_or_fail)
    if is_done:
        connection.ops.execute_sql_flush(["SELECT 1"])
    else:
        with pytest.raises(psycopg.errors.DeadlockDetected):
            connection.ops.execute_sql_flush(["SELECT 1"])
    assert len(attempts) == min(deadlocks + 1, 3)

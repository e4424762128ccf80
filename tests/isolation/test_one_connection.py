"""One connection that all tenants take in turn: A ends in every possible way, then B, then no tenant.

Directly, through a pool of one. tests/pooler runs this file behind PgBouncer too, with one connection to PostgreSQL.
"""

from contextlib import contextmanager

import pytest
from django.db import Error, connections, transaction

from tenancy.context import tenant_context

pytestmark = pytest.mark.django_db(transaction=True)

SETTING = "SELECT coalesce(current_setting('tenancy.tenant_id', true), '')"
ROWS = "SELECT title FROM tasks_task"


@pytest.fixture
def taken():
    """Take the one connection of a pool as `default`, and return it at the end: `with taken() as pooled:`."""
    usual = connections["default"]
    usual.close()  # behind a pooler there may be only one in all
    pool = {"min_size": 1, "max_size": 1, "timeout": 20}
    settings = {**usual.settings_dict, "OPTIONS": {"pool": pool}, "CONN_HEALTH_CHECKS": True}
    pooled = connections["default"] = type(usual)(settings, "default")

    @contextmanager
    def take():
        try:
            yield pooled
        finally:
            pooled.close()

    yield take
    pooled.close_pool()
    connections["default"] = usual


def run(pooled, statement):
    with pooled.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def commits(pooled):
    with transaction.atomic():
        assert len(run(pooled, ROWS)) == 1


def aborts(pooled):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert len(run(pooled, ROWS)) == 1
        raise ZeroDivisionError


def fails(pooled):
    with pytest.raises(Error, match="division by zero"), transaction.atomic():
        assert len(run(pooled, ROWS)) == 1
        run(pooled, "SELECT 1/0")


def rolls_back_to_a_savepoint(pooled):
    with transaction.atomic():
        run(pooled, "SAVEPOINT here")
        assert len(run(pooled, ROWS)) == 1
        run(pooled, "ROLLBACK TO SAVEPOINT here")
        assert len(run(pooled, ROWS)) == 1


def is_timed_out(pooled):
    with pytest.raises(Error, match="statement timeout"), transaction.atomic():
        assert len(run(pooled, ROWS)) == 1
        run(pooled, "SELECT set_config('statement_timeout', '20', true)")
        run(pooled, "SELECT pg_sleep(5)")


def is_cancelled(pooled):
    with pytest.raises(Error, match="user request"), transaction.atomic():
        assert len(run(pooled, ROWS)) == 1
        run(pooled, "SELECT pg_cancel_backend(pg_backend_pid())")


def is_terminated(pooled):
    with pytest.raises(Error), transaction.atomic():
        assert len(run(pooled, ROWS)) == 1
        run(pooled, "SELECT pg_terminate_backend(pg_backend_pid())")


def is_terminated_outside_a_transaction(pooled):
    with pytest.raises(Error):
        run(pooled, "SELECT pg_terminate_backend(pg_backend_pid())")


def leaves_without_a_word(pooled):
    """The process dies in a transaction: there is no rollback."""
    run(pooled, "BEGIN")
    assert len(run(pooled, ROWS)) == 1
    pooled.connection.close()


ENDS = [
    commits,
    aborts,
    fails,
    rolls_back_to_a_savepoint,
    is_timed_out,
    is_cancelled,
    is_terminated,
    is_terminated_outside_a_transaction,
    leaves_without_a_word,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_next_tenant_sees_its_own_rows_and_no_tenant_sees_none(taken, ours, theirs, end):
    with tenant_context(ours.tenant), taken() as pooled:
        end(pooled)
    with tenant_context(theirs.tenant), taken() as pooled:
        assert run(pooled, ROWS) == [(theirs.task.title,)]
    with taken() as pooled:
        assert run(pooled, ROWS) == []
        assert run(pooled, SETTING) == [("",)]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_connection_without_tenant_sees_no_rows(taken, ours, theirs, end):
    with tenant_context(ours.tenant), taken() as pooled:
        end(pooled)
    with taken() as pooled:
        assert run(pooled, ROWS) == []


def test_tenants_share_one_connection(taken, ours, theirs):
    seen = set()
    for world in (ours, theirs):
        with tenant_context(world.tenant), taken() as pooled:
            seen.add(run(pooled, "SELECT pg_backend_pid()")[0])
    assert len(seen) == 1

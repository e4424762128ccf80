"""Timeouts of PostgreSQL: statements, waits for locks and transactions that take too long."""

import os
from datetime import timedelta

import psycopg
import pytest
from celery import Celery
from django.conf import settings
from django.db import connection, transaction

from projects.models import Project
from tenancy.context import tenant_context
from tenancy.jobs import SystemTask
from tenancy.postgresql.cursors import LIMITS, long_work
from tests.pooler.pgbouncer import pooled, with_database

ROLES = {
    "DATABASE_URL": {"statement_timeout": "30s", "lock_timeout": "15s", "idle_in_transaction_session_timeout": "1min"},
    "DATABASE_OWNER_URL": {
        "statement_timeout": "0",
        "lock_timeout": "1min",
        "idle_in_transaction_session_timeout": "0",
    },
    "DATABASE_OPERATOR_URL": {
        "statement_timeout": "15min",
        "lock_timeout": "0",
        "idle_in_transaction_session_timeout": "15min",
    },
}


def ask(cursor):
    found = {}
    for name in LIMITS:
        cursor.execute(f"SHOW {name}")
        found[name] = cursor.fetchone()[0]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("variable", ROLES)
def test_each_role_has_its_limits(variable):
    with psycopg.connect(with_database(os.environ[variable], connection.settings_dict["NAME"])) as direct:
        assert ask(direct.cursor()) == ROLES[variable]


@pytest.mark.django_db
@pytest.mark.needs_program("pgbouncer")
def test_application_has_the_limits_behind_pgbouncer(tmp_path):
    with pooled(os.environ["DATABASE_URL"], size=1, folder=tmp_path) as url:
        of_tests = with_database(url, connection.settings_dict["NAME"])
        with psycopg.connect(of_tests, prepare_threshold=None) as through:
            assert ask(through.cursor()) == ROLES["DATABASE_URL"]


def limits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [list(LIMITS)])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_long_work_has_its_own_limits_and_restores_the_others(acme, in_transaction):
    usual = limits()
    with tenant_context(acme):
        for _ in range(2):
            if in_transaction:
                with transaction.atomic():
                    with long_work(timedelta(minutes=5)):
                        assert limits() == ["300000"] * 3
                        assert Project.objects.count() == 0
                    assert limits() == ["60000", "15000", "30000"]  # the limits of the role, in the same transaction
            else:
                with long_work(timedelta(minutes=5)):
                    assert limits() == ["300000"] * 3
            assert limits() == usual


@pytest.mark.django_db
def test_jobs_have_their_own_limits():
    job = Celery().task(limits, base=SystemTask, name="limits")
    assert job() == [str(int(settings.JOB_TIME_LIMIT.total_seconds() * 1000))] * 3


@pytest.mark.django_db(transaction=True)
def test_long_work_continues_after_a_savepoint_was_rolled_back(acme):
    with tenant_context(acme), long_work(timedelta(minutes=5)), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert limits() == ["300000"] * 3
            raise ZeroDivisionError
        assert limits() == ["300000"] * 3


@pytest.mark.django_db
def test_the_limits_are_not_in_the_query_log(acme, django_assert_num_queries):
    with tenant_context(acme), long_work(timedelta(minutes=5)), django_assert_num_queries(1) as captured:
        list(Project.objects.all())
    assert "SET LOCAL" not in captured[0]["sql"]

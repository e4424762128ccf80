"""The active tenant in PostgreSQL: sent with the first statement, in one message, for one transaction."""

import psycopg
import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction
from psycopg import sql

from accounts.models import Account
from projects.models import Label, Project
from tasks.models import Task
from tenancy.context import no_tenant, tenant_context
from tests.round_trips import postgresql_round_trips

pytestmark = pytest.mark.django_db(transaction=True)

SETTING = "SELECT current_setting('tenancy.tenant_id', true)"


def setting():
    with connection.cursor() as cursor:
        cursor.execute(SETTING)
        return cursor.fetchone()[0]


def names():
    """Return the tenants whose projects raw SQL reads: row security alone filters them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM projects_project ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def projects(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            Project.objects.create(key="WEB", name=tenant.slug)


def round_trips():
    return postgresql_round_trips(connection.connection)


@pytest.mark.parametrize("in_transaction", [True, False])
def test_a_query_takes_as_many_round_trips_as_in_plain_django(acme, in_transaction):
    def measure(queryset):
        with round_trips() as counted:
            if in_transaction:
                with transaction.atomic():
                    list(queryset)
                    list(queryset.all())
            else:
                list(queryset)
        return counted[0]

    plain = measure(Account.objects.all())
    with tenant_context(acme):
        ours = measure(Task.objects.all())
    assert ours == plain == (4 if in_transaction else 1)  # BEGIN, two queries, COMMIT


def test_the_setting_is_not_in_the_query_log(acme, django_assert_num_queries):
    with tenant_context(acme), django_assert_num_queries(1) as captured:
        list(Project.objects.all())
    assert "tenancy." not in captured[0]["sql"]


def test_no_setting_is_sent_without_a_tenant():
    with transaction.atomic(), round_trips() as counted, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.nextset() is None
    assert counted == [2]


def test_setting_ends_with_the_transaction(acme):
    with tenant_context(acme):
        assert setting() == str(acme.pk)
    assert setting() in ("", None)
    assert names() == []


def test_a_change_inside_a_transaction_is_sent_again(acme, globex):
    with transaction.atomic():
        for tenant in (acme, globex, acme):
            with tenant_context(tenant):
                assert names() == [tenant.slug]
        assert names() == []


def test_rollback_to_a_savepoint_resets_the_setting(acme, globex):
    with transaction.atomic():
        with tenant_context(acme):
            assert names() == ["acme"]
        with tenant_context(globex):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                assert names() == ["globex"]
                raise ZeroDivisionError
            # The setting in PostgreSQL is acme again.
            assert names() == ["globex"]
        assert names() == []


def test_a_rollback_to_a_savepoint_does_not_bring_a_tenant_back(acme):
    with transaction.atomic():
        with tenant_context(acme):
            assert names() == ["acme"]
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert names() == []
            raise ZeroDivisionError
        assert names() == []


def test_failed_statement_in_a_savepoint_resets_the_setting(acme, globex, settings):
    settings.TENANCY = {**settings.TENANCY, "GUARD_TRANSACTIONS": False}  # content of several tenants
    with transaction.atomic():
        with tenant_context(acme):
            assert names() == ["acme"]
            with tenant_context(globex), pytest.raises(IntegrityError), transaction.atomic():
                Project.objects.bulk_create([Project(key="WEB", name="again")])
            assert names() == ["acme"]


def test_statement_refused_by_the_client_keeps_the_tenant(acme, globex):
    with transaction.atomic(), tenant_context(acme):
        assert names() == ["acme"]
        with tenant_context(globex), pytest.raises(Exception, match="parameters"), connection.cursor() as cursor:
            cursor.execute("SELECT %s, %s", [1])
        assert names() == ["acme"]


def test_an_explicit_rollback_is_noticed(acme, globex):
    with transaction.atomic(), connection.cursor() as cursor, tenant_context(acme):
        cursor.execute("SAVEPOINT here")
        with tenant_context(globex):
            assert names() == ["globex"]
        assert names() == ["acme"]
        with tenant_context(globex):
            assert names() == ["globex"]
            cursor.execute("/* a comment */ ROLLBACK TO SAVEPOINT here")
            assert names() == ["globex"]


def test_savepoints_released_keep_what_they_set(acme, globex):
    with transaction.atomic(), tenant_context(acme):
        with transaction.atomic(), tenant_context(globex):
            assert names() == ["globex"]
        assert names() == ["acme"]


def test_a_failed_transaction_leaves_nothing_behind(acme):
    with tenant_context(acme), pytest.raises(ZeroDivisionError), transaction.atomic():
        assert names() == ["acme"]
        raise ZeroDivisionError
    assert names() == []


def test_on_commit_runs_in_the_tenant_of_its_registration(acme, globex):
    seen = []
    with transaction.atomic():
        for tenant in (acme, globex):
            with tenant_context(tenant):
                transaction.on_commit(lambda: seen.append(names()))
        transaction.on_commit(lambda: seen.append(names()))
    assert seen == [["acme"], ["globex"], []]


@pytest.mark.parametrize("statement", ["SELECT name FROM projects_project", b"SELECT name FROM projects_project"])
def test_queries_can_be_text_or_bytes(acme, statement):
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchall() == [("acme",)]


def test_composed_statements_and_percent_signs_work(acme):
    statement = sql.SQL("SELECT name, '100%%', %s FROM {}").format(sql.Identifier("projects_project"))
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute(statement, ["%s"])
        assert cursor.fetchall() == [("acme", "100%", "%s")]


def test_several_statements_in_one_message_use_the_tenant(acme):
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT name FROM projects_project")
        assert cursor.fetchall() == [(1,)]
        assert cursor.nextset()
        assert cursor.fetchall() == [("acme",)]


def test_rowcount_and_returning_are_those_of_the_statement(acme):
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute("UPDATE projects_project SET name = 'x' RETURNING key")
        assert (cursor.rowcount, cursor.fetchall()) == (1, [("WEB",)])
        assert cursor.description[0].name == "key"


def test_executemany_uses_the_tenant(acme, globex):
    rows = [(str(number),) for number in range(3)]
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.executemany("UPDATE projects_project SET description = description || %s", rows)
    for tenant, text in ((acme, "012"), (globex, "")):
        with tenant_context(tenant):
            assert Project.objects.get().description == text


def test_executemany_is_one_transaction(acme):
    with tenant_context(acme), pytest.raises(Exception, match="invalid input"), connection.cursor() as cursor:
        cursor.executemany("UPDATE projects_project SET last_task_number = %s::int", [("1",), ("x",)])
    with tenant_context(acme):
        assert Project.objects.get().last_task_number == 0


def test_stream_and_copy_out_use_the_tenant(acme):
    with tenant_context(acme), connection.cursor() as cursor:
        assert list(cursor.stream("SELECT name FROM projects_project")) == [("acme",)]
        with cursor.copy("COPY projects_project (name) TO STDOUT") as copy:
            assert b"".join(copy) == b"acme\n"
    assert names() == []


def test_copy_in_is_refused(acme):
    with (
        tenant_context(acme),
        connection.cursor() as cursor,
        pytest.raises(Exception, match="COPY FROM not supported"),
    ):
        with cursor.copy("COPY projects_project (name) FROM STDIN"):
            pass


def test_callproc_uses_the_tenant(acme):
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.callproc("current_setting", ["tenancy.tenant_id"])
        assert cursor.fetchone() == (str(acme.pk),)


def test_pipelines_are_refused(acme):
    connection.ensure_connection()
    with tenant_context(acme), pytest.raises(NotSupportedError, match="Pipelines"):
        with connection.connection.pipeline(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")


def test_server_side_cursors_are_refused_and_iterator_does_without(acme):
    with pytest.raises(NotSupportedError, match="mix tenants"):
        connection.chunked_cursor()
    with tenant_context(acme):
        assert len(list(Project.objects.iterator(chunk_size=1))) == 1


def test_server_side_binding_is_refused():
    from django.core.exceptions import ImproperlyConfigured

    from tenancy.postgresql.base import DatabaseWrapper

    options = {**connection.settings_dict, "OPTIONS": {"server_side_binding": True}}
    with pytest.raises(ImproperlyConfigured, match="server_side_binding"):
        DatabaseWrapper(options, "other")


def test_vacuum_needs_that_no_tenant_is_active(acme):
    with tenant_context(acme), connection.cursor() as cursor:
        with pytest.raises(Exception, match="transaction block"):
            cursor.execute("VACUUM projects_label")
        with no_tenant():
            cursor.execute("VACUUM projects_label")  # the app role lacks the privilege: a warning and no effect


def test_a_partly_read_iterator_stays_with_its_tenant(acme, globex):
    with tenant_context(acme):
        Label.objects.bulk_create([Label(name=f"acme {number}") for number in range(5)])
        rows = Label.objects.order_by("name").iterator(chunk_size=2)
        first = next(rows)
    with tenant_context(globex):
        Label.objects.create(name="globex")
        assert [label.name for label in [first, *rows]] == [f"acme {number}" for number in range(5)]


def test_a_cancelled_and_a_terminated_statement_leave_nothing_behind(acme, globex):
    with tenant_context(acme):
        with pytest.raises(Exception, match="timeout"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', '20', true)")
            cursor.execute("SELECT pg_sleep(5)")
    assert names() == []
    with tenant_context(acme):
        with pytest.raises(Exception, match="terminat"), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    assert names() == []
    with tenant_context(globex):
        assert names() == ["globex"]


def test_every_query_of_the_orm_goes_through_our_cursor():
    with connection.cursor() as cursor:
        assert isinstance(cursor.cursor, psycopg.ClientCursor)
        assert type(cursor.cursor).__name__ == "TenantCursor"

"""PostgreSQL alone isolates tenants: raw SQL as the app role, without any layer of Python."""

import pytest
from django.db import Error, IntegrityError, ProgrammingError, transaction
from uuid_utils.compat import uuid7

from tenancy.context import all_tenants, tenant_context

pytestmark = pytest.mark.django_db(transaction=True)

OWNED = [
    "accounts_membership",
    "projects_project",
    "projects_status",
    "projects_projectmember",
    "projects_label",
    "projects_activity",
    "tasks_task",
    "tasks_subtask",
    "tasks_assignment",
    "tasks_tasklabel",
]
FILLED = [table for table in OWNED if table not in ("projects_projectmember", "projects_activity")]


@pytest.fixture(autouse=True)
def _worlds(ours, theirs):
    pass


# 7: no tenant ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", FILLED)
def test_without_a_tenant_there_are_no_rows(sql, table, ours):
    assert sql(f"SELECT * FROM {table}") == []
    assert sql(f"UPDATE {table} SET id = id") == 0
    assert sql(f"DELETE FROM {table}") == 0
    with tenant_context(ours.tenant):
        assert sql(f"SELECT count(*) FROM {table}") == [(1,)]


def test_without_a_tenant_an_insert_is_refused(sql, ours):
    with pytest.raises(ProgrammingError, match="row-level security"):
        sql(
            "INSERT INTO projects_label (account_id, id, name, color) VALUES (%s, %s, 'x', 'red')",
            [ours.tenant.pk, uuid7()],
        )


@pytest.mark.parametrize("table", FILLED)
def test_a_tenant_sees_its_own_rows_only(sql, table, ours, theirs):
    for world in (ours, theirs):
        with tenant_context(world.tenant):
            assert sql(f"SELECT DISTINCT account_id FROM {table}") == [(world.tenant.pk,)]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("table", FILLED)
def test_the_owner_of_the_tables_is_no_exception(sql, table, ours):
    assert sql(f"SELECT * FROM {table}", using="owner") == []
    with tenant_context(ours.tenant):
        assert sql(f"SELECT DISTINCT account_id FROM {table}", using="owner") == [(ours.tenant.pk,)]


@pytest.mark.django_db(transaction=True, databases=["default", "operator"])
def test_the_operator_reads_everything_and_writes_nothing(sql):
    assert len(sql("SELECT DISTINCT account_id FROM tasks_task", using="operator")) == 2
    for statement in ("UPDATE tasks_task SET title = 'x'", "DELETE FROM tasks_task", "TRUNCATE tasks_task CASCADE"):
        with pytest.raises(Error, match=r"permission denied|read-only"):
            sql(statement, using="operator")


@pytest.mark.django_db(transaction=True, databases=["default", "operator"])
def test_all_tenants_reads_rows_of_every_tenant(theirs):
    from tasks.models import Task

    with all_tenants(reason="a test", place="default"):
        assert Task.objects.count() == 2
        assert {task.project.name for task in Task.objects.select_related("project")} >= {theirs.project.name}
        assert len({task.pk for task in Task.objects.prefetch_related("subtasks", "assignments__member__user")}) == 2


# 8: what the app role may not do -----------------------------------------------------------------------------------

FORBIDDEN = [
    "SET ROLE {prefix}_owner",
    "SET ROLE {prefix}_operator",
    "SET SESSION AUTHORIZATION {prefix}_owner",
    "ALTER TABLE tasks_task DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE tasks_task NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY tenant ON tasks_task",
    "CREATE POLICY mine ON tasks_task USING (true)",
    "ALTER ROLE {prefix}_app BYPASSRLS",
    "GRANT {prefix}_operator TO {prefix}_app",
    "TRUNCATE tasks_task CASCADE",
    "DROP TABLE tasks_subtask",
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW mine AS SELECT * FROM tasks_task",
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pg_trgm",
    "COPY tasks_task TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
    "ALTER TABLE tasks_task ADD COLUMN mine int",
    "CREATE TRIGGER mine BEFORE INSERT ON tasks_task EXECUTE FUNCTION suppress_redundant_updates_trigger()",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_app_role_cannot_change_row_security(sql, settings, statement, ours):
    with tenant_context(ours.tenant), pytest.raises(Error):
        sql(statement.format(prefix=settings.DB_ROLE_PREFIX))


def test_disabling_row_security_is_an_error(sql, ours):
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        sql("SELECT set_config('row_security', 'off', true)")
        sql("SELECT * FROM tasks_task")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET action = 'x'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "SELECT * FROM accounts_auditentry FOR UPDATE",
        "INSERT INTO accounts_auditentry SELECT * FROM accounts_auditentry"
        " ON CONFLICT (account_id, id) DO UPDATE SET action = 'x'",
        "MERGE INTO accounts_auditentry entry USING accounts_account ON true WHEN MATCHED THEN DELETE",
        "DELETE FROM accounts_membership",  # nothing cascades
    ],
)
def test_the_audit_log_is_neither_changed_nor_deleted(sql, statement, ours):
    with tenant_context(ours.tenant):
        before = sql("SELECT * FROM accounts_auditentry")
        with pytest.raises(Error, match=r"permission denied|foreign key"):
            sql(statement)
        assert sql("SELECT * FROM accounts_auditentry") == before


# 9: foreign account ids --------------------------------------------------------------------------------------------


def test_an_insert_with_a_foreign_account_id_is_refused(sql, ours, theirs):
    with tenant_context(ours.tenant), pytest.raises(ProgrammingError, match="row-level security"):
        sql(
            "INSERT INTO projects_label (account_id, id, name, color) VALUES (%s, %s, 'x', 'red')",
            [theirs.tenant.pk, uuid7()],
        )


@pytest.mark.parametrize("table", FILLED)
def test_a_row_cannot_be_given_to_another_tenant(sql, table, ours, theirs):
    with tenant_context(ours.tenant), pytest.raises(ProgrammingError, match="row-level security"):
        sql(f"UPDATE {table} SET account_id = %s", [theirs.tenant.pk])


# 10: references ----------------------------------------------------------------------------------------------------


def test_a_row_cannot_reference_another_tenants(sql, ours, theirs):
    references = {
        "tasks_task": {"project_id": theirs.project.pk, "status_id": theirs.status.pk},
        "tasks_subtask": {"task_id": theirs.task.pk},
        "tasks_assignment": {"task_id": theirs.task.pk},
        "tasks_tasklabel": {"task_id": theirs.task.pk, "label_id": theirs.label.pk},
        "projects_status": {"project_id": theirs.project.pk},
    }
    with tenant_context(ours.tenant):
        for table, columns in references.items():
            for column, value in columns.items():
                with pytest.raises(IntegrityError, match="foreign key"):
                    sql(f"UPDATE {table} SET {column} = %s", [value])


def test_deferring_constraints_does_not_help(sql, ours, theirs):
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic(), tenant_context(ours.tenant):
        sql("SET CONSTRAINTS ALL DEFERRED")
        sql("UPDATE tasks_task SET project_id = %s", [theirs.project.pk])


# 11: upsert --------------------------------------------------------------------------------------------------------


def test_an_upsert_neither_reads_nor_writes_another_tenants_row(sql, ours, theirs):
    insert = "INSERT INTO projects_label (account_id, id, name, color) VALUES (%s, %s, 'x', 'red')"
    conflict = " ON CONFLICT (account_id, id) DO UPDATE SET name = 'stolen' RETURNING name, account_id"
    with tenant_context(ours.tenant):
        # The same id is free in another tenant: two rows, each in its own.
        assert sql(insert + conflict, [ours.tenant.pk, theirs.label.pk]) == [("x", ours.tenant.pk)]
        with pytest.raises(ProgrammingError, match="row-level security"):
            sql(insert + conflict, [theirs.tenant.pk, theirs.label.pk])
    with tenant_context(theirs.tenant):
        assert sql("SELECT name FROM projects_label") == [(theirs.label.name,)]


def test_unique_value_reveals_nothing_about_other_tenants(sql, ours, theirs):
    insert = "INSERT INTO projects_label (account_id, id, name, color) VALUES (%s, %s, %s, 'red')"
    with tenant_context(ours.tenant):
        assert sql(insert, [ours.tenant.pk, uuid7(), theirs.label.name]) == 1


# as_user -----------------------------------------------------------------------------------------------------------


def test_memberships_of_a_user_can_be_read_and_not_written(sql, mallory, theirs):
    from tenancy.context import as_user

    with as_user(mallory):
        assert sql("SELECT user_id FROM accounts_membership") == [(mallory.pk,)]
        assert sql("SELECT * FROM tasks_task") == []
        assert sql("UPDATE accounts_membership SET role = 'owner'") == 0
        assert sql("DELETE FROM accounts_membership") == 0

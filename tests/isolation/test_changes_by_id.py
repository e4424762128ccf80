"""Django changes rows by their id. Two tenants can have rows with the same id."""

import pytest
from django.db import connections, models, transaction

from tasks.models import Comment, Subtask, Task
from tenancy.context import tenant_context

# In the order of their keys.
COPIED = ("accounts_membership", "projects_project", "projects_status", "tasks_task", "tasks_subtask", "tasks_comment")
COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record({table}, jsonb_build_object('account_id', %s))).*
FROM {table} WHERE account_id = %s
"""

CHANGES = {
    "delete": lambda task: task.delete(),
    "delete by cascade": lambda task: task.project.delete(),
    "delete joined": lambda task: Task.objects.using("owner").filter(project__key="WEB").delete(),
    "update joined": lambda task: Task.objects.using("owner").filter(project__key="WEB").update(title="changed"),
    "update by id": lambda task: models.QuerySet(Task, using="owner").filter(pk=task.pk).update(title="changed"),
    "delete by id": lambda task: models.QuerySet(Subtask, using="owner").filter(task=task)._raw_delete("owner"),
}


def content(tenant):
    with tenant_context(tenant):
        return [list(model.objects.using("owner").values()) for model in (Task, Subtask, Comment)]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_by_id_reaches_no_row_of_another_tenant_without_row_security(ours, globex, change, settings):
    """The owner of the tables lifts row-level security, and the rows of both have the same ids."""
    settings.TENANCY = {**settings.TENANCY, "GUARD_TRANSACTIONS": False}  # content of both in one transaction
    with transaction.atomic(using="owner"):
        with connections["owner"].cursor() as cursor:
            for table in COPIED:
                cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
                cursor.execute(COPY.format(table=table), [globex.pk, ours.tenant.pk])
        before = content(globex)
        assert all(before)
        with tenant_context(ours.tenant):
            change(Task.objects.using("owner").select_related("project").get(pk=ours.task.pk))
        assert content(globex) == before
        assert content(ours.tenant) != before
        transaction.set_rollback(True, using="owner")

"""Two accounts with the same things in them, and raw SQL as any of the roles."""

from dataclasses import dataclass

import pytest
from django.db import connections

from projects.models import Label, Project, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, get_membership_model


@dataclass
class World:
    """One row of each kind in one account, and the account."""

    tenant: AbstractTenant
    project: Project
    status: Status
    task: Task
    subtask: Subtask
    label: Label


def populate(tenant, user) -> World:
    with tenant_context(tenant):
        member = get_membership_model().objects.get(user=user)
        project = Project.objects.create(key="WEB", name=f"CANARY-{tenant.pk} project")
        status = Status.objects.create(project=project, name="To do", category="todo", rank="a")
        task = Task.objects.create(
            project=project, number=1, title=f"CANARY-{tenant.pk} task", status=status, rank="a"
        )
        subtask = Subtask.objects.create(task=task, title=f"CANARY-{tenant.pk} subtask", rank="a")
        label = Label.objects.create(name=f"CANARY-{tenant.pk}")
        TaskLabel.objects.create(task=task, label=label)
        Assignment.objects.create(task=task, member=member)
    return World(tenant, project, status, task, subtask, label)


@pytest.fixture
def ours(acme, alice) -> World:
    return populate(acme, alice)


@pytest.fixture
def theirs(globex, mallory) -> World:
    return populate(globex, mallory)


@pytest.fixture
def sql():
    """Run SQL and return its rows, or the number of rows that it changed."""

    def run(statement, params=None, *, using="default"):
        with connections[using].cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    return run

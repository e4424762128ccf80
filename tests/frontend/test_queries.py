"""A page costs the same number of queries, however much is on it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notification
from projects.actions.projects import create_project, set_on_roadmap
from projects.models import Label, Project
from tasks.actions.comments import create_comment
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, update_task
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

PERSON = 1  # session, user and membership


def fill(tenant, user, key, tasks):
    """Show all members a project with so many tasks, each with a subtask, a label and an assignee of its own."""
    with tenant_context(tenant):
        actor = membership_of(user, tenant)
        project = Project.objects.filter(key=key).first() or create_project(actor=actor, name=key, key=key)
        set_on_roadmap(project=project, actor=actor, shown=True)
        for _ in range(tasks):
            name = f"{key}-{Label.objects.count()}"
            people = [actor, join(make_user(name), tenant, "member")]
            labels = [Label.objects.create(name=name)]
            task = create_task(actor=actor, project=project, title="Task", labels=labels, assignees=people)
            create_subtask(actor=actor, task=task, title="Subtask")
            create_comment(actor=people[1], task=task, body="Task")
            update_task(actor=people[1], task=task, assignees=people[1:], labels=[])
            update_task(actor=people[1], task=task, assignees=people, labels=labels)
            about = {"kind": "assigned", "subject_id": task.pk, "data": {"task": str(task.pk)}}
            Notification.objects.create(member=actor, actor=people[1], cause="x", **about)


@pytest.fixture
def count(client, initech, ines):
    """Return how many queries a page costs on a warm host."""
    browser = client.as_(ines, at=initech)

    def run(path):
        assert browser.get(path).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        return len(queries)

    return run


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("/", 4),  # the projects with their counts; the side bar: projects, unread notifications, how many are visible
        # The project, what its filters offer (members, people, labels), statuses, tasks and theirs, the side bar.
        ("/projects/ONE/", 11),
        ("/projects/ONE/?view=list&group=assignee", 14),
        ("/projects/ONE/?priority=none&q=Task&due=never", 11),
        ("/projects/ONE/parts/", 7),
        ("/projects/ONE/export/", 5),  # the project, the exports, the side bar
        ("/tasks/ONE-1/", 17),  # the task, statuses, 2 × people and labels, subtasks, 5 of the feed, the side bar
        ("/my-tasks/", 8),  # how many, the page, its labels, what was done, the side bar
        ("/search/?q=Task", 8),  # the projects to choose from, how many, the page, what is inside, the side bar
        ("/subtasks/", 4),  # the page, the side bar
        ("/inbox/", 9),  # how many, the page, members, users, subjects of a kind, whether one is unread, the side bar
        ("/accounts/", 5),  # memberships, their accounts, the side bar
        ("/roadmap/", 3),  # projects, tasks, statuses
    ],
)
def test_more_rows_cost_no_more_queries(initech, ines, count, path, cost):
    fill(initech, ines, "ONE", tasks=1)
    few = count(path)
    for key in ("ONE", "TWO", "THREE"):
        fill(initech, ines, key, tasks=4)
    assert count(path) == few
    assert few == PERSON + cost


def test_people_are_not_joined_to_tasks(client, initech, ines):
    """Tasks may live in another database than people one day."""
    fill(initech, ines, "ONE", tasks=1)
    browser = client.as_(ines, at=initech)
    for path in (
        "/projects/ONE/",
        "/tasks/ONE-1/",
        "/subtasks/",
        "/inbox/",
        "/my-tasks/",
        "/search/?q=Task",
        "/roadmap/",
    ):
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        for query in queries:
            shared = "accounts_user" in query["sql"]
            assert not (shared and '"tasks_' in query["sql"]), query["sql"]

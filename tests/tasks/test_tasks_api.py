"""/api/v1/tasks/: reading"""

from uuid import uuid4

import pytest

from projects.models import Project, ProjectMember
from tasks.actions.tasks import create_task
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/tasks/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_task_has_the_fields_of_the_contract(client, bob, project, task, statuses):
    response = client.as_(bob).get(f"{URL}{task.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(task.pk),
        "project": str(project.pk),
        "number": 1,
        "key": "WEB-1",
        "title": "Write the welcome page",
        "description": "",
        "status": str(statuses["todo"].pk),
        "priority": "none",
        "assignees": [],
        "labels": [],
        "due_date": None,
        "rank": task.rank,
        "completed_at": None,
        "archived_at": None,
        "version": 1,
        "subtasks_done": 0,
        "subtasks_total": 0,
        "created_at": task.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": task.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_list_entries_have_the_fields_of_the_detail(client, bob, task):
    detail = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert client.as_(bob).get(URL).json() == {"next": None, "previous": None, "results": [detail]}


def test_subtasks_are_counted(client, acme, bob, task):
    with tenant_context(acme):
        Subtask.objects.bulk_create(
            Subtask(task=task, title="x", done=done, rank="V0000") for done in (True, True, False)
        )
    shown = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert (shown["subtasks_done"], shown["subtasks_total"]) == (2, 3)


def test_newest_tasks_are_listed_first(client, bob, project):
    for title in ("first", "second", "third"):
        client.as_(bob).json("POST", URL, {"project": project.pk, "title": title})
    titles = [row["title"] for row in client.as_(bob).get(URL).json()["results"]]
    assert titles == ["third", "second", "first"]


def test_viewer_can_read(client, vera, task):
    assert client.as_(vera).get(f"{URL}{task.pk}/").status_code == 200


def test_list_has_rows_of_the_account_only(client, acme, globex, charlie, task, foreign_task):
    for account, expected in ((acme, task), (globex, foreign_task)):
        rows = client.as_(charlie, at=account).get(URL).json()["results"]
        assert [row["id"] for row in rows] == [str(expected.pk)]


# Names in the address ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "HEAD"])
def test_the_key_works_where_an_id_does(client, bob, task, method):
    assert client.as_(bob).json(method, f"{URL}WEB-1/", {}).status_code in (200, 204)


def test_the_same_key_names_another_task_in_another_account(client, acme, globex, charlie, task, foreign_task):
    for account, expected in ((acme, task), (globex, foreign_task)):
        assert client.as_(charlie, at=account).get(f"{URL}WEB-1/").json()["id"] == str(expected.pk)


def test_tasks_get_the_new_key_of_their_project(client, bob, project, task):
    client.as_(bob).json("PATCH", f"/api/v1/projects/{project.pk}/", {"key": "SHOP"})
    assert client.as_(bob).get(f"{URL}WEB-1/").status_code == 404
    assert client.as_(bob).get(f"{URL}SHOP-1/").json()["key"] == "SHOP-1"


# What may not be seen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["task", "secret_task", "foreign_task"])
def test_hidden_and_foreign_tasks_answer_like_absent_ones(
    client, request, bob, mallory, task, secret_task, foreign_task, method, name
):
    person = mallory if name == "task" else bob
    target = request.getfixturevalue(name)
    hidden = client.as_(person).json(method, f"{URL}{target.pk}/", {"title": "Mine"})
    absent = client.as_(person).json(method, f"{URL}{uuid4()}/", {"title": "Mine"})
    assert hidden.content == absent.content
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_hidden_task_answers_like_an_absent_one_by_key(client, bob, secret_task, method):
    hidden = client.as_(bob).json(method, f"{URL}SEC-1/", {})
    absent = client.as_(bob).json(method, f"{URL}SEC-2/", {})
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.status_code == 404


def test_tasks_of_private_projects_are_not_listed(client, alice, bob, vera, task, secret_task):
    for person, amount in ((alice, 2), (bob, 1), (vera, 1)):
        assert len(client.as_(person).get(URL).json()["results"]) == amount


def test_members_of_a_private_project_see_its_tasks(client, acme, bob, secret_project, secret_task):
    with tenant_context(acme):
        ProjectMember.objects.create(project=secret_project, member=membership_of(bob, acme))
    assert client.as_(bob).get(f"{URL}SEC-1/").status_code == 200


# Archived ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def archived(acme, alice, project, task):
    """One task that is archived, and one in a project that is."""
    with tenant_context(acme):
        old = create_task(actor=membership_of(alice, acme), project=project, title="Old")
        Task.objects.filter(pk=old.pk).update(archived_at=task.created_at)
        closed = Project.objects.create(key="OLD", name="Closed", archived_at=task.created_at)
        status = closed.statuses.create(name="To do", category="todo", rank="V0000")
        Task.objects.create(project=closed, number=1, title="Closed", status=status, rank="V0000")
    return old


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Write the welcome page"}),
        ("?archived=false", {"Write the welcome page"}),
        ("?archived=true", {"Old", "Closed"}),
        ("?archived=all", {"Write the welcome page", "Old", "Closed"}),
    ],
)
def test_archived_tasks_are_listed_on_request(client, bob, archived, query, expected):
    assert {row["title"] for row in client.as_(bob).get(f"{URL}{query}").json()["results"]} == expected


def test_an_archived_task_is_still_found_by_its_id(client, bob, archived):
    assert client.as_(bob).get(f"{URL}{archived.pk}/").json()["archived_at"]


# Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 10, 100])
def test_a_list_takes_as_many_queries_however_long_it_is(
    client, acme, bob, project, statuses, label, amount, django_assert_num_queries
):
    with tenant_context(acme):
        tasks = [
            Task(project=project, number=number, title="x", status=statuses["todo"], rank="V0000")
            for number in range(1, amount + 1)
        ]
        Task.objects.bulk_create(tasks)
        member = membership_of(bob, acme)
        Assignment.objects.bulk_create(Assignment(task=task, member=member) for task in tasks)
        TaskLabel.objects.bulk_create(TaskLabel(task=task, label=label) for task in tasks)
        Subtask.objects.bulk_create(Subtask(task=task, title="x", rank="V0000") for task in tasks)
    session = client.as_(bob)
    session.get(URL)  # so that the host is looked up
    with django_assert_num_queries(2):  # session with user and membership; tasks
        rows = session.get(f"{URL}?page_size=200").json()["results"]
    assert len(rows) == amount
    assert all((row["subtasks_total"], row["labels"]) == (1, [str(label.pk)]) for row in rows)

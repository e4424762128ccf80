"""/api/v1/tasks/bulk/"""

from uuid import uuid4

import pytest

from tasks.models import Task
from tenancy.context import tenant_context

URL = "/api/v1/tasks/bulk/"


@pytest.fixture
def session(client, bob, project, task):
    session = client.as_(bob)
    for title in ("two", "three"):
        session.json("POST", "/api/v1/tasks/", {"project": project.pk, "title": title})
    return session


def titles(account):
    with tenant_context(account):
        return list(Task.objects.order_by("project__key", "number").values_list("title", flat=True))


def test_many_are_changed_and_answered_in_order(session, acme, statuses):
    body = [
        {"id": "WEB-3", "title": "drei", "version": 1},
        {"id": "WEB-1", "status": str(statuses["done"].pk)},
    ]
    response = session.json("POST", URL, {"tasks": body})
    assert response.status_code == 200
    first, second = response.json()["results"]
    assert (first["status"], first["task"]["key"], first["task"]["title"]) == (200, "WEB-3", "drei")
    assert (second["task"]["key"], second["task"]["completed_at"] is None) == ("WEB-1", False)
    assert titles(acme)[2] == "drei"


@pytest.mark.parametrize(
    ("bad", "names"),
    [
        ({"id": "WEB-2", "title": ""}, {"tasks[1].title"}),
        ({"id": "WEB-2", "version": 7, "title": "x"}, {"tasks[1].version"}),
        ({"id": "WEB-2", "version": "1", "title": "x"}, {"tasks[1].version"}),
        ({"id": "WEB-2", "colour": "x"}, {"tasks[1].colour"}),
        ({"id": "WEB-1", "title": "x"}, {"tasks[1].id"}),
        ({"id": "WEB-9", "title": "x"}, {"tasks[1].id"}),
        ({"id": 7}, {"tasks[1].id"}),
        ({"title": "x"}, {"tasks[1].id"}),
        ({"id": "WEB-2", "status": str(uuid4())}, {"tasks[1].status"}),
        ("WEB-2", {"tasks"}),
    ],
)
def test_invalid_change_rejects_all_changes(session, acme, bad, names):
    before = titles(acme)
    response = session.json("POST", URL, {"tasks": [{"id": "WEB-1", "title": "new"}, bad]})
    assert (response.status_code, set(response.json()["errors"])) == (400, names)
    assert titles(acme) == before


@pytest.mark.parametrize("body", [{}, {"tasks": []}, {"tasks": {}}, {"tasks": [{}] * 501}, {"tasks": [], "x": 1}, []])
def test_bodies_of_another_shape_are_refused(session, body):
    assert session.json("POST", URL, body).status_code == 400


def test_foreign_and_hidden_ids_read_like_absent_ones(session, secret_task, foreign_task):
    answers = [
        session.json("POST", URL, {"tasks": [{"id": str(each), "title": "x"}]})
        for each in (secret_task.pk, foreign_task.pk, uuid4())
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}


def test_viewer_cannot_write(client, vera, task):
    assert client.as_(vera).json("POST", URL, {"tasks": [{"id": str(task.pk)}]}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_crossing_changes_wait_for_each_other(acme, bob, project, task, at_once):
    """Two requests with the same projects in opposite orders must not deadlock."""
    from projects.actions.projects import create_project
    from tasks.actions.bulk import TaskChange, update_tasks
    from tasks.actions.tasks import create_task
    from tenancy.testing import membership_of

    with tenant_context(acme):
        actor = membership_of(bob, acme)
        other = create_task(actor=actor, project=create_project(actor=actor, name="Shop"), title="x")

    def change(order):
        for round_number in range(10):
            changes = [TaskChange(task=each, fields={"title": f"{round_number}"}) for each in order]
            update_tasks(actor=actor, changes=changes)

    assert at_once(lambda: change([task, other]), lambda: change([other, task])) == []

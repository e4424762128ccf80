"""/api/v1/tasks/: creating, changing and deleting"""

from uuid import uuid4

import pytest

from projects.models import Activity, Label
from tasks.models import Assignment, Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/tasks/"


def member_id(user, account):
    return str(membership_of(user, account).pk)


# Creating ----------------------------------------------------------------------------------------------------------


def test_task_needs_only_project_and_title(client, bob, project, statuses):
    response = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "Hello"})
    assert response.status_code == 201
    shown = response.json()
    assert (shown["status"], shown["priority"], shown["version"]) == (str(statuses["todo"].pk), "none", 1)
    assert client.as_(bob).get(f"{URL}{shown['id']}/").json() == shown


def test_all_fields_can_be_set_on_creation(client, acme, alice, bob, project, label, statuses):
    chosen = {
        "project": str(project.pk),
        "title": "Hello",
        "description": "    code\n\n* list\n",
        "status": str(statuses["doing"].pk),
        "priority": "urgent",
        "assignees": sorted([member_id(alice, acme), member_id(bob, acme)]),
        "labels": [str(label.pk)],
        "due_date": "2026-12-24",
    }
    response = client.as_(bob).json("POST", URL, chosen)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in chosen} == chosen


@pytest.mark.parametrize("missing", ["project", "title"])
def test_missing_required_field_is_named(client, bob, project, missing):
    body = {"project": project.pk, "title": "x"}
    del body[missing]
    response = client.as_(bob).json("POST", URL, body)
    assert (response.status_code, response.json()["errors"]) == (400, {missing: ["This field is required."]})


def test_numbers_count_per_project(client, bob):
    for name in ("Website", "Shop"):
        project = client.as_(bob).json("POST", "/api/v1/projects/", {"name": name}).json()["id"]
        numbers = [
            client.as_(bob).json("POST", URL, {"project": project, "title": "x"}).json()["number"] for _ in "123"
        ]
        assert numbers == [1, 2, 3]


def test_number_of_a_deleted_task_is_not_reused(client, bob, project, task):
    client.as_(bob).delete(f"{URL}{task.pk}/")
    assert client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"}).json()["number"] == 2


def test_a_new_task_is_the_last_of_its_column(client, bob, project):
    ranks = [client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"}).json()["rank"] for _ in "1234"]
    assert ranks == sorted(set(ranks))


def test_a_task_that_is_created_as_done_is_completed(client, bob, project, statuses):
    body = {"project": project.pk, "title": "x", "status": statuses["done"].pk}
    assert client.as_(bob).json("POST", URL, body).json()["completed_at"]


def test_without_a_status_to_do_one_must_be_named(client, acme, bob, project, statuses):
    with tenant_context(acme):
        statuses["todo"].delete()
    response = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"status"})
    body = {"project": project.pk, "title": "x", "status": statuses["backlog"].pk}
    assert client.as_(bob).json("POST", URL, body).status_code == 201


READ_ONLY = {
    "id": str(uuid4()),
    "number": 77,
    "key": "WEB-77",
    "rank": "00000",
    "completed_at": "2020-01-01T00:00:00Z",
    "archived_at": "2020-01-01T00:00:00Z",
    "version": 77,
    "subtasks_done": 77,
    "subtasks_total": 77,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
}


@pytest.mark.parametrize("field", READ_ONLY)
def test_read_only_fields_are_ignored(client, bob, project, field):
    sent = {field: READ_ONLY[field]}
    created = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", **sent})
    assert (created.status_code, created.json()[field] == sent[field]) == (201, False)
    changed = client.as_(bob).json("PATCH", f"{URL}{created.json()['id']}/", sent)
    assert (changed.status_code, changed.json()) == (200, created.json())


def test_read_task_can_be_sent_back_unchanged(client, acme, bob, label, project):
    body = {"project": project.pk, "title": "x", "labels": [label.pk], "assignees": [member_id(bob, acme)]}
    shown = client.as_(bob).json("POST", URL, body).json()
    response = client.as_(bob).json("PATCH", f"{URL}{shown['id']}/", shown)
    assert (response.status_code, response.json()) == (200, shown)


# Roles -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"title": "Mine"}, {"nonsense": 1}])
def test_viewer_cannot_write(client, acme, vera, project, task, body):
    session = client.as_(vera)
    answers = [session.json("POST", URL, {"project": project.pk, **body})]
    for place in (task.pk, "WEB-1", uuid4()):
        answers += [session.json("PATCH", f"{URL}{place}/", body), session.delete(f"{URL}{place}/")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "permission_denied")}
    with tenant_context(acme):
        assert [each.title for each in Task.objects.all()] == ["Write the welcome page"]


def test_members_write_in_projects_that_they_see_without_being_members_of_them(client, bob, project, task):
    session = client.as_(bob)
    assert session.json("POST", URL, {"project": project.pk, "title": "x"}).status_code == 201
    assert session.json("PATCH", f"{URL}{task.pk}/", {"title": "x"}).status_code == 200
    assert session.delete(f"{URL}{task.pk}/").status_code == 204


# Changing ----------------------------------------------------------------------------------------------------------


def test_fields_are_changed(client, bob, task):
    changes = {"title": "Better", "description": "*Much* better", "priority": "high", "due_date": "2027-01-01"}
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", changes)
    assert response.status_code == 200
    assert {name: response.json()[name] for name in changes} == changes
    assert client.as_(bob).get(f"{URL}{task.pk}/").json() == response.json()


def test_null_removes_the_due_date(client, bob, task):
    client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"due_date": "2027-01-01"})
    assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"due_date": None}).json()["due_date"] is None


def test_every_change_is_a_new_version(client, bob, task):
    for version, title in enumerate(("one", "two", "three"), start=2):
        changed = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"title": title}).json()
        assert changed["version"] == version
        assert changed["updated_at"] > changed["created_at"]


def test_write_without_a_change_keeps_the_version(client, acme, bob, task, statuses):
    before = client.as_(bob).get(f"{URL}{task.pk}/").json()
    for change in ({}, {"title": task.title}, {"status": statuses["todo"].pk}, {"assignees": [], "labels": []}):
        assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", change).json() == before
    with tenant_context(acme):
        assert not Activity.objects.filter(verb="task.updated").exists()


def test_completed_at_is_set_exactly_while_the_task_is_done(client, bob, task, statuses):
    def move(category):
        body = {"status": statuses[category].pk}
        return client.as_(bob).json("PATCH", f"{URL}{task.pk}/", body).json()["completed_at"]

    assert move("doing") is None
    assert move("done") is not None
    assert move("backlog") is None
    assert move("done") is not None


def test_move_between_done_statuses_keeps_completed_at(client, acme, bob, project, task, statuses):
    with tenant_context(acme):
        shipped = project.statuses.create(name="Shipped", category="done", rank="z0000")
    first = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": statuses["done"].pk}).json()
    second = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": shipped.pk}).json()
    assert first["completed_at"] == second["completed_at"]
    assert second["status"] == str(shipped.pk)


def test_a_task_that_moves_is_the_last_of_its_new_column(client, bob, project, task, statuses):
    for _ in "123":
        client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", "status": statuses["doing"].pk})
    moved = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": statuses["doing"].pk}).json()
    column = [row for row in client.as_(bob).get(URL).json()["results"] if row["status"] == moved["status"]]
    assert max(column, key=lambda row: row["rank"])["id"] == str(task.pk)
    assert len({row["rank"] for row in column}) == 4


@pytest.mark.parametrize("other", ["secret_project", "foreign_project", "second"])
def test_a_task_stays_in_its_project(client, acme, alice, bob, request, task, other):
    if other == "second":
        target = client.as_(bob).json("POST", "/api/v1/projects/", {"name": "Shop"}).json()["id"]
    else:
        target = request.getfixturevalue(other).pk
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"project": str(target), "title": "Moved"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"project"})
    shown = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert (shown["title"], shown["key"]) == ("Write the welcome page", "WEB-1")


def test_own_project_can_be_sent_unchanged(client, bob, project, task):
    assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"project": str(project.pk)}).status_code == 200


# Deleting ----------------------------------------------------------------------------------------------------------


def test_deleted_task_is_deleted_with_its_related_rows(client, acme, bob, task, subtask, label):
    session = client.as_(bob)
    session.json("PATCH", f"{URL}{task.pk}/", {"assignees": [member_id(bob, acme)], "labels": [label.pk]})
    assert session.delete(f"{URL}{task.pk}/").status_code == 204
    assert session.get(f"{URL}{task.pk}/").status_code == session.delete(f"{URL}{task.pk}/").status_code == 404
    with tenant_context(acme):
        assert not Subtask.objects.exists()
        assert not Assignment.objects.exists()
        assert list(Label.objects.all()) == [label]

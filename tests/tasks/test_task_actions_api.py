"""/api/v1/tasks/<id>/ complete/, reopen/, archive/, restore/ and move/"""

from uuid import uuid4

import pytest

from projects.models import Activity, Status
from tasks.models import Task
from tenancy.context import tenant_context

URL = "/api/v1/tasks/"
VERBS = ["complete", "reopen", "archive", "restore", "move"]


@pytest.fixture
def session(client, bob):
    return client.as_(bob)


@pytest.fixture
def column(session, project, task):
    """The keys of WEB's tasks in the column for things to do, in its order; there are four."""
    for title in ("two", "three", "four"):
        session.json("POST", URL, {"project": project.pk, "title": title})

    def column(status="todo"):
        return [row["key"] for row in session.get(URL, {"status": status, "ordering": "rank"}).json()["results"]]

    return column


def test_completed_task_moves_to_done(session, task, statuses):
    response = session.json("POST", f"{URL}{task.pk}/complete/")
    assert response.status_code == 200
    assert response.json()["completed_at"]
    assert response.json()["status"] == str(statuses["done"].pk)
    assert response.json()["version"] == 2
    again = session.json("POST", f"{URL}WEB-1/complete/")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_reopened_task_moves_back(session, task, statuses):
    assert session.json("POST", f"{URL}{task.pk}/reopen/").status_code == 409
    session.json("POST", f"{URL}{task.pk}/complete/")
    response = session.json("POST", f"{URL}{task.pk}/reopen/")
    assert (response.json()["completed_at"], response.json()["status"]) == (None, str(statuses["todo"].pk))


def test_missing_status_of_a_category_is_reported(session, acme, task, statuses):
    with tenant_context(acme):
        Status.objects.filter(pk=statuses["done"].pk).delete()
    response = session.json("POST", f"{URL}{task.pk}/complete/")
    assert (response.status_code, set(response.json()["errors"])) == (400, {"status"})


def test_archived_tasks_leave_the_list(session, task):
    assert session.json("POST", f"{URL}{task.pk}/restore/").status_code == 409
    assert session.json("POST", f"{URL}{task.pk}/archive/").json()["archived_at"]
    assert session.json("POST", f"{URL}{task.pk}/archive/").status_code == 409
    assert session.get(URL).json()["results"] == []
    assert session.json("POST", f"{URL}{task.pk}/restore/").json()["archived_at"] is None
    assert len(session.get(URL).json()["results"]) == 1


# Moving ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"before": "WEB-1"}, ["WEB-4", "WEB-1", "WEB-2", "WEB-3"]),
        ({"after": "WEB-1"}, ["WEB-1", "WEB-4", "WEB-2", "WEB-3"]),
        ({"before": "WEB-3"}, ["WEB-1", "WEB-2", "WEB-4", "WEB-3"]),
        ({"after": "WEB-3"}, ["WEB-1", "WEB-2", "WEB-3", "WEB-4"]),
        ({}, ["WEB-1", "WEB-2", "WEB-3", "WEB-4"]),
    ],
)
def test_task_is_moved_next_to_another(session, column, body, expected):
    assert session.json("POST", f"{URL}WEB-4/move/", body).status_code == 200
    assert column() == expected


def test_task_is_moved_to_another_column(session, column, statuses):
    for key in ("WEB-1", "WEB-2"):
        session.json("POST", f"{URL}{key}/move/", {"status": statuses["done"].pk})
    moved = session.json("POST", f"{URL}WEB-3/move/", {"status": statuses["done"].pk, "before": "WEB-2"})
    assert moved.json()["completed_at"]
    assert column("done") == ["WEB-1", "WEB-3", "WEB-2"]


@pytest.mark.parametrize("side", ["before", "after"])
def test_columns_without_room_get_new_ranks(session, acme, column, side):
    with tenant_context(acme):
        Task.objects.update(rank="V0000")
    by_id = column()
    session.json("POST", f"{URL}{by_id[3]}/move/", {side: by_id[1]})
    expected = [by_id[0], by_id[3], by_id[1], by_id[2]] if side == "before" else [*by_id[:2], by_id[3], by_id[2]]
    assert column() == expected
    with tenant_context(acme):
        assert len(set(Task.objects.values_list("rank", flat=True))) == 4
        assert Activity.objects.filter(verb="status.reordered").count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"before": "WEB-4"},
        {"after": "WEB-9"},
        {"before": "WEB-1", "after": "WEB-2"},
        {"status": "todo"},
        {"rank": "a"},
    ],
)
def test_invalid_positions_are_refused(session, column, body):
    before = column()
    response = session.json("POST", f"{URL}WEB-4/move/", body)
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)
    assert column() == before


def test_a_neighbour_of_another_column_is_refused(session, column, statuses):
    body = {"status": statuses["done"].pk, "before": "WEB-1"}
    assert session.json("POST", f"{URL}WEB-4/move/", body).status_code == 400


def test_move_to_the_current_position_changes_nothing(session, column):
    versions = [session.json("POST", f"{URL}WEB-4/move/", {}).json()["version"] for _ in range(2)]
    assert versions[0] == versions[1]


@pytest.mark.parametrize("verb", VERBS)
def test_viewer_cannot_write(client, vera, task, verb):
    assert client.as_(vera).json("POST", f"{URL}{task.pk}/{verb}/", {}).status_code == 403


@pytest.mark.parametrize("verb", VERBS)
def test_hidden_task_answers_like_an_absent_one(session, secret_task, verb):
    answers = [session.json("POST", f"{URL}{each}/{verb}/", {}) for each in (secret_task.pk, uuid4(), "SEC-1")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_keep_every_task(session, acme, bob, column, at_once):
    from tasks.actions.progress import move_task
    from tenancy.testing import membership_of

    with tenant_context(acme):
        actor = membership_of(bob, acme)
        tasks = {task.number: task for task in Task.objects.all()}
    calls = [lambda n=n: move_task(task=tasks[n], actor=actor, after=tasks[1]) for n in (2, 3, 4)]
    assert at_once(*calls) == []
    assert column()[0] == "WEB-1"
    with tenant_context(acme):
        assert len(set(Task.objects.values_list("rank", flat=True))) == 4

"""Moving a task on the board of its project, and editing it in the list."""

from uuid import uuid4

import pytest

from tasks.actions.tasks import create_task
from tasks.models import Task
from tenancy.context import tenant_context

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def column(acme, alice, project, as_member):
    """WEB-1, WEB-2 and WEB-3 in one column, in this order."""
    return [as_member(alice, create_task, project=project, title=title) for title in ("One", "Two", "Three")]


@pytest.fixture
def order(acme):
    def order(status):
        with tenant_context(acme):
            return [task.number for task in Task.objects.filter(status=status).order_by("rank", "id")]

    return order


@pytest.mark.parametrize(
    ("key", "step", "after"),
    [
        ("WEB-3", "up", [1, 3, 2]),
        ("WEB-1", "up", [1, 2, 3]),
        ("WEB-1", "down", [2, 1, 3]),
        ("WEB-3", "down", [1, 2, 3]),
        ("WEB-3", "top", [3, 1, 2]),
        ("WEB-1", "end", [2, 3, 1]),
    ],
)
def test_a_card_goes_a_step(client, bob, column, order, key, step, after):
    response = client.as_(bob).post(f"/tasks/{key}/place/?priority=none", {"step": step})
    assert (response.status_code, response["Location"]) == (302, "/projects/WEB/?priority=none")
    assert order(column[0].status) == after


@pytest.mark.parametrize(("side", "after"), [("before", [3, 1, 2]), ("after", [1, 3, 2])])
def test_a_card_goes_next_to_another(client, bob, column, order, side, after):
    fields = {"status": column[0].status_id, side: column[0].pk, "version": 1}
    assert client.as_(bob).post("/tasks/WEB-3/place/", fields).status_code == 302
    assert order(column[0].status) == after


def test_the_answer_to_a_move_knows_of_the_move(client, bob, acme, column, statuses, project, page):
    answer = page(client.as_(bob).post("/tasks/WEB-1/place/", {"status": statuses["done"].pk}, **HTMX))
    with tenant_context(acme):
        project.refresh_from_db()
    assert {each["data-seq"] for each in answer.all("section", **{"class": "column"})} == {
        str(project.last_activity_seq)
    }


def test_a_script_gets_the_two_columns(client, bob, column, statuses, page):
    response = client.as_(bob).post("/tasks/WEB-1/place/", {"status": statuses["done"].pk}, **HTMX)
    seen = page(response)
    ids = {attrs["data-status"] for attrs in seen.all("section", **{"class": "column"})}
    assert ids == {str(statuses["todo"].pk), str(statuses["done"].pk)}
    assert seen.all("li", **{"data-key": "WEB-1", "data-version": "2"})


def test_stale_version_moves_nothing(client, bob, column, statuses, order):
    client.as_(bob).post("/tasks/WEB-1/place/", {"step": "end", "version": 1})
    for headers in ({}, HTMX):
        fields = {"status": statuses["done"].pk, "version": 1}
        assert client.as_(bob).post("/tasks/WEB-1/place/", fields, **headers).status_code == 409
    assert order(column[0].status) == [2, 3, 1]


@pytest.mark.parametrize(
    "fields",
    [
        {"step": "sideways"},
        {"status": "x"},
        {"version": "0"},
        {"version": "9" * 30},
        {"before": "\x00"},
        {"before": "{one}", "after": "{two}"},
        {"before": "{self}"},
        {"status": "{done}", "after": "{one}"},
    ],
)
def test_places_that_are_none_are_refused_in_words(client, bob, column, statuses, order, fields):
    ids = {"one": column[0].pk, "two": column[1].pk, "self": column[2].pk, "done": statuses["done"].pk}
    given = {name: text.format(**ids) for name, text in fields.items()}
    response = client.as_(bob).post("/tasks/WEB-3/place/", given)
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert order(column[0].status) == [1, 2, 3]


def test_nothing_foreign_or_hidden_is_a_place(client, bob, column, secret_task, foreign_task, order):
    for fields in (
        {"status": foreign_task.status_id},
        {"status": secret_task.status_id},
        {"before": foreign_task.pk},
        {"after": secret_task.pk},
    ):
        theirs = client.as_(bob).post("/tasks/WEB-1/place/", fields)
        (name,) = fields
        absent = client.as_(bob).post("/tasks/WEB-1/place/", {name: uuid4()})
        assert theirs.status_code == absent.status_code == 400
    assert order(column[0].status) == [1, 2, 3]


@pytest.mark.parametrize("path", ["/tasks/WEB-1/place/", "/tasks/WEB-1/edit/"])
def test_viewers_neither_move_nor_edit(client, vera, task, path):
    assert client.as_(vera).get(path).status_code == 403
    assert client.as_(vera).post(path, {"step": "end", "title": "Mine"}).status_code == 403


@pytest.mark.parametrize("path", ["/tasks/SEC-1/place/", "/tasks/SEC-1/edit/"])
def test_hidden_tasks_are_not_found(client, bob, secret_task, path):
    assert client.as_(bob).get(path).status_code == 404
    assert client.as_(bob).post(path, {"step": "end"}).status_code == 404


def test_the_ways_to_move_are_a_page_or_a_part_of_one(client, bob, task, page):
    whole, part = (page(client.as_(bob).get("/tasks/WEB-1/place/", **headers)) for headers in ({}, HTMX))
    assert whole.all("html")
    assert not part.all("html")
    assert part.forms == ["/tasks/WEB-1/place/"]


def test_a_task_is_edited_in_the_list(client, bob, acme, task, statuses):
    fields = {"title": "Better", "status": statuses["done"].pk, "priority": "high", "due_date": "2027-01-31"}
    response = client.as_(bob).post("/tasks/WEB-1/edit/?view=list&sort=title", {**fields, "version": 1})
    assert response.status_code == 302
    assert response["Location"] == "/projects/WEB/?view=list&sort=title"
    with tenant_context(acme):
        changed = Task.objects.get()
    assert (changed.title, changed.priority, str(changed.due_date)) == ("Better", "high", "2027-01-31")
    assert changed.completed_at


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_stale_edit_shows_a_conflict(client, bob, acme, task, headers, page):
    fields = {"title": "Mine", "status": task.status_id, "priority": "none", "due_date": ""}
    client.as_(bob).post("/tasks/WEB-1/edit/", {**fields, "title": "Theirs", "version": 1})
    response = client.as_(bob).post("/tasks/WEB-1/edit/", {**fields, "version": 1}, **headers)
    seen = page(response)
    assert response.status_code == 409
    assert "This task was changed in the meantime." in seen.text
    assert seen.all("input", name="title")[0]["value"] == "Mine"
    assert seen.all("input", name="version")[0]["value"] == "2"
    with tenant_context(acme):
        assert Task.objects.get().title == "Theirs"
    assert client.as_(bob).post("/tasks/WEB-1/edit/", {**fields, "version": 2}).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"title": "x" * 501}, {"priority": "?"}, {"due_date": "soon"}, {"version": ""}, {"status": ""}],
)
def test_invalid_edit_shows_an_error_in_the_row(client, bob, acme, task, wrong):
    fields = {"title": "Mine", "status": task.status_id, "priority": "none", "version": 1, **wrong}
    response = client.as_(bob).post("/tasks/WEB-1/edit/", fields, **HTMX)
    assert response.status_code == 400
    assert response["HX-Retarget"] == f"#row-{task.pk}"
    with tenant_context(acme):
        assert Task.objects.get().title == task.title

"""`If-Match` and `If-None-Match` (optimistic locking): a client overwrites only what it has read."""

import json
from uuid import uuid4

import pytest

from accounts.rest.views import TenantViewSet
from projects.models import Project
from tests.isolation.routes import routes

KINDS = ["project", "task", "subtask"]
OLD = '"0123456789abcdef0123456789abcdef"'


@pytest.fixture
def row(request, project, task, subtask):
    return {"project": project, "task": task, "subtask": subtask}[request.param]


def url_of(row):
    return f"/api/v1/{row._meta.model_name}s/{row.pk}/"


def changed(row):
    return {"name" if isinstance(row, Project) else "title": "Changed"}


def send(client, method, url, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body)
    return client.generic(method, url, content, content_type="application/json", headers=headers)


# Writes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", KINDS, indirect=True)
def test_write_with_the_current_etag_succeeds(client, alice, row):
    session = client.as_(alice)
    tag = session.get(url_of(row))["ETag"]
    after = send(session, "PATCH", url_of(row), changed(row), If_Match=tag)
    assert (after.status_code, after["ETag"] == tag) == (200, False)
    assert send(session, "DELETE", url_of(row), If_Match=after["ETag"]).status_code == 204


@pytest.mark.parametrize("row", KINDS, indirect=True)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_write_with_an_outdated_etag_fails(client, alice, row, method):
    session = client.as_(alice)
    tag = session.get(url_of(row))["ETag"]
    now = session.json("PATCH", url_of(row), changed(row)).json()
    refused = send(session, method, url_of(row), {}, If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert session.get(url_of(row)).json() == now


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("*", 200),
        (" * ", 200),
        ("{tag}", 200),
        (OLD + ", {tag}", 200),
        ("{tag} ,\t" + OLD, 200),
        ("W/{tag}", 412),
        (OLD, 412),
        ('""', 412),
        ("W/" + OLD + "," + OLD, 412),
        ("", 400),
        ("{tag},", 400),
        ("{tag} {tag}", 400),
        ("*, {tag}", 400),
        ("0123456789abcdef", 400),
        ("w/{tag}", 400),
        ('"', 400),
        ('"a b"', 400),
        ('"' * 9_999, 400),
    ],
)
def test_if_match_header_forms_have_the_expected_status(client, bob, task, text, status):
    session = client.as_(bob)
    before = session.get(url_of(task))
    header = text.replace("{tag}", before["ETag"])
    response = send(session, "PATCH", url_of(task), {"title": "Changed"}, If_Match=header)
    assert response.status_code == status
    assert (session.get(url_of(task)).json() != before.json()) == (status == 200)
    if status == 400:
        assert set(response.json()["errors"]) == {"If-Match"}


@pytest.mark.parametrize("header", ["*", OLD])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_foreign_and_hidden_rows_answer_like_absent_rows(client, bob, secret_task, foreign_task, header, method):
    answers = [
        send(client.as_(bob), method, f"/api/v1/tasks/{pk}/", {}, If_Match=header)
        for pk in (uuid4(), secret_task.pk, foreign_task.pk)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_role_is_checked_before_the_precondition(client, vera, task):
    assert send(client.as_(vera), "PATCH", url_of(task), {"title": "x"}, If_Match=OLD).status_code == 403


@pytest.mark.parametrize(("header", "status"), [("*", 201), (OLD, 412)])
def test_list_has_no_etag(client, bob, header, status):
    response = send(client.as_(bob), "POST", "/api/v1/projects/", {"name": "Website"}, If_Match=header)
    assert response.status_code == status
    assert len(client.as_(bob).get("/api/v1/projects/").json()["results"]) == (status == 201)


def test_new_subtask_changes_the_etag_of_the_task(client, bob, task):
    session = client.as_(bob)
    tag = session.get(url_of(task))["ETag"]
    session.json("POST", "/api/v1/subtasks/", {"task": str(task.pk), "title": "x"})
    assert send(session, "DELETE", url_of(task), If_Match=tag).status_code == 412


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("row", KINDS, indirect=True)
def test_exactly_one_of_parallel_changes_succeeds(acme, client, alice, row, at_once):
    token = client.at(acme).with_token(alice)
    for turn in range(3):
        tag, answers = token.get(url_of(row))["ETag"], []

        def change(name, tag=tag, answers=answers):
            own = client.at(acme).with_token(alice)
            answers.append(send(own, "PATCH", url_of(row), dict.fromkeys(changed(row), name), If_Match=tag))

        assert at_once(*[lambda name=f"{turn}-{n}": change(name) for n in range(4)]) == []
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert token.get(url_of(row)).json() == winner.json()


@pytest.mark.django_db(transaction=True)
def test_exactly_one_of_parallel_delete_and_change_succeeds(acme, client, alice, task, at_once):
    tag, statuses = client.as_(alice).get(url_of(task))["ETag"], []

    def run(method):
        own = client.at(acme).with_token(alice)
        statuses.append(send(own, method, url_of(task), {"title": "x"}, If_Match=tag).status_code)

    assert at_once(lambda: run("DELETE"), lambda: run("PATCH"), lambda: run("DELETE")) == []
    assert sum(status < 300 for status in statuses) == 1
    assert {status for status in statuses if status >= 300} <= {404, 412}


# Reads -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", KINDS, indirect=True)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("header", ["{tag}", "W/{tag}", "*", OLD + ", {tag}"])
def test_matching_if_none_match_answers_304_without_body(client, bob, row, method, header):
    session = client.as_(bob)
    tag = session.get(url_of(row))["ETag"]
    response = send(session, method, url_of(row), If_None_Match=header.replace("{tag}", tag))
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(("header", "status"), [(OLD, 200), ('""', 200), ("x", 400), ("", 400)])
def test_unmatched_or_malformed_if_none_match_has_the_expected_status(client, bob, task, header, status):
    response = send(client.as_(bob), "GET", url_of(task), If_None_Match=header)
    assert response.status_code == status


def test_hidden_row_is_not_found_with_any_if_none_match(client, bob, secret_task):
    assert send(client.as_(bob), "GET", url_of(secret_task), If_None_Match="*").status_code == 404


# Locks -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("row", ["task", "subtask"], indirect=True)
def test_writes_with_and_without_the_header_do_not_wait_for_each_other(acme, client, alice, project, row, at_once):
    """Both lock the project first; with another order PostgreSQL would end one of them as a deadlock."""
    statuses = []

    def run(turn, **headers):
        own = client.at(acme).with_token(alice)
        statuses.extend(
            send(own, "PATCH", url_of(row), {"title": f"{turn}-{again}"}, **headers).status_code for again in range(4)
        )

    assert at_once(lambda: run(1), lambda: run(2, If_Match="*"), lambda: run(3), lambda: run(4, If_Match="*")) == []
    assert statuses == [200] * 16


def test_every_view_of_a_project_object_locks_the_project():
    """Otherwise it would lock its row first and deadlock, as the test above shows."""
    views = {route.api_view for route in routes("config.urls.tenant") if route.api_view}
    sets = [view for view in views if issubclass(view, TenantViewSet) and view.queryset is not None]
    inside = [
        view for view in sets if {"project", "task"} & {field.name for field in view.queryset.model._meta.fields}
    ]
    assert len(inside) >= 2
    assert [view.__name__ for view in inside if view.lock is TenantViewSet.lock] == []


# What there is one of ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/api/v1/account/", "/api/v1/me/"])
def test_singleton_resources_have_preconditions(client, alice, url):
    session = client.as_(alice)
    tag = session.get(url)["ETag"]
    assert session.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert send(session, "PATCH", url, {"name": "First"}, If_Match=tag).status_code == 200
    refused = send(session, "PATCH", url, {"name": "Second"}, If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert session.get(url).json()["name"] == "First"
    assert send(session, "PATCH", url, {"name": "Third"}, If_Match="nonsense").status_code == 400
    assert send(session, "PATCH", url, {"name": "Third"}, If_Match="*").status_code == 200

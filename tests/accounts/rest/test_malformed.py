"""Malformed, hostile and wrongly typed bodies get 4xx with a reason, never 5xx."""

import json

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

PROJECTS = "/api/v1/projects/"
TASKS = "/api/v1/tasks/"


def send(client, body, content_type="application/json", url=PROJECTS, **headers):
    return client.generic("POST", url, body, content_type=content_type, **headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 'x'}",
        b'{"name": "x"',
        b'{"name": "x"} trailing',
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b"\x00",
        b'{"name": "a\x00b"}',
        b'{"name": "\\ud800"}',
        b'{"\\ud800": "x"}',
        b'{"color": "\\udfff"}',
        b'{"color": ["\\ud83d"]}',
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b'{"name":' * 50_000,
        b'{"color": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("url", [PROJECTS, "/api/v1/auth/token/"])
def test_broken_json_is_refused(client, bob, body, url):
    response = send(client.as_(bob), body, url=url)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("depth", [21, 900, 100_000])
def test_deeply_nested_body_is_refused_for_its_nesting(client, bob, depth):
    response = send(client.as_(bob), b'{"color": ' + b"[" * depth + b"]" * depth + b"}")
    assert response.status_code == 400
    assert "nested" in response.json()["detail"]


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "7", "true", "1e999", "[[]]", '[{"name": "x"}]'])
@pytest.mark.parametrize("url", [PROJECTS, TASKS, "/api/v1/subtasks/", "/api/v1/auth/token/"])
def test_json_other_than_an_object_is_refused(client, bob, body, url):
    response = send(client.as_(bob), body, url=url)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "value",
    [None, True, 7, -1, 1.5, 10**400, [], ["x"], {}, {"x": 1}, "", " ", "\n", "nul\x00", "x" * 60_000],
    ids=lambda value: repr(value)[:12],
)
@pytest.mark.parametrize(
    ("url", "field"),
    [
        (PROJECTS, "name"),
        (PROJECTS, "key"),
        (PROJECTS, "color"),
        (TASKS, "title"),
        (TASKS, "project"),
        (TASKS, "status"),
        (TASKS, "priority"),
        ("/api/v1/subtasks/", "task"),
        ("/api/v1/subtasks/", "title"),
        ("/api/v1/subtasks/", "rank"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_its_field(client, bob, project, task, url, field, value):
    fields = {PROJECTS: {"name": "x"}, TASKS: {"project": project.pk, "title": "x"}}
    body = {**fields.get(url, {"task": task.pk, "title": "x"}), field: value}
    response = send(client.as_(bob), json.dumps(body, default=str), url=url)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "nul\x00", "x" * 60_000], ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize(("url", "kind"), [(PROJECTS, "project"), (TASKS, "task")])
def test_a_description_of_the_wrong_kind_is_refused(client, bob, project, url, kind, value):
    body = {"name": "x"} if kind == "project" else {"project": str(project.pk), "title": "x"}
    response = send(client.as_(bob), json.dumps({**body, "description": value}), url=url)
    assert (response.status_code, set(response.json()["errors"])) == (400, {"description"})


@pytest.mark.parametrize("value", [None, "true", "yes", 1, 0, [], {}, ""], ids=repr)
@pytest.mark.parametrize(("kind", "field"), [("project", "private"), ("subtask", "done")])
def test_only_true_and_false_are_booleans(client, bob, project, subtask, kind, field, value):
    row = {"project": project, "subtask": subtask}[kind]
    response = client.as_(bob).json("PATCH", f"/api/v1/{kind}s/{row.pk}/", {field: value})
    assert (response.status_code, set(response.json()["errors"])) == (400, {field})


@pytest.mark.parametrize(
    "value",
    [
        7,
        True,
        [],
        {},
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "0000-01-01",
        "99999-01-01",
        "2026-01-01T10:00",
        "\x00",
    ],
    ids=repr,
)
def test_invalid_due_date_is_refused(client, bob, task, value):
    response = client.as_(bob).json("PATCH", f"/api/v1/tasks/{task.pk}/", {"due_date": value})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"due_date"})


@pytest.mark.parametrize(
    "value", [None, 7, True, "x", "", {}, {"x": 1}, [None], [7], ["x"], [[]], [{}], ["nul\x00"]], ids=repr
)
@pytest.mark.parametrize("field", ["assignees", "labels"])
def test_invalid_list_of_ids_is_refused(client, bob, task, field, value):
    response = client.as_(bob).json("PATCH", f"/api/v1/tasks/{task.pk}/", {field: value})
    assert (response.status_code, set(response.json()["errors"])) == (400, {field})


@pytest.mark.parametrize("field", ["assignees", "labels"])
def test_a_list_of_very_many_ids_is_refused(client, bob, task, label, field):
    response = client.as_(bob).json("PATCH", f"/api/v1/tasks/{task.pk}/", {field: [str(label.pk)] * 101})
    assert (response.status_code, set(response.json()["errors"])) == (400, {field})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "x",
        "\xff",
    ],
)
def test_unsupported_content_types_are_refused(client, bob, content_type):
    response = send(client.as_(bob), b'{"name": "x"}', content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "latin-1", "bz2_codec", "nope"])
def test_json_is_read_as_utf_8_with_any_declared_charset(client, bob, charset):
    response = send(client.as_(bob), '{"name": "Größe"}'.encode(), f"application/json; charset={charset}")
    assert (response.status_code, response.json()["name"]) == (201, "Größe")


def test_a_body_that_is_too_large_is_refused(client, bob, settings):
    response = send(client.as_(bob), b'{"name": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}')
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_empty_body_is_refused_with_the_missing_fields(client, bob):
    response = send(client.as_(bob), b"")
    assert (response.status_code, set(response.json()["errors"])) == (400, {"name"})


def test_very_many_query_parameters_are_refused(client, bob):
    response = client.as_(bob).get(PROJECTS + "?" + "&".join(f"a{number}=1" for number in range(2000)))
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_surrogate_pairs_are_accepted_as_text(client, bob):
    response = send(client.as_(bob), b'{"name": "\\ud83d\\ude80 rocket"}')
    assert (response.status_code, response.json()["name"]) == (201, "🚀 rocket")


@pytest.mark.django_db(transaction=True)
def test_chunked_body_is_read(client, acme, bob):
    """It has no Content-Length, and REST framework then assumes an empty body."""
    token = client.at(acme).with_token(bob).defaults["HTTP_AUTHORIZATION"]
    scope = {
        "type": "http",
        "method": "POST",
        "path": PROJECTS,
        "headers": [
            (b"host", b"acme.localhost"),
            (b"authorization", token.encode()),
            (b"content-type", b"application/json"),
            (b"transfer-encoding", b"chunked"),
        ],
    }
    pieces = [
        {"type": "http.request", "body": b'{"name": ', "more_body": True},
        {"type": "http.request", "body": b'"Website"}'},
    ]

    async def respond():
        application = ApplicationCommunicator(get_asgi_application(), scope)
        for piece in pieces:
            await application.send_input(piece)
        return (await application.receive_output(timeout=30))["status"]

    assert async_to_sync(respond)() == 201

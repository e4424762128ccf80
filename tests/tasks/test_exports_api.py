"""/api/v1/exports/: projects as files, for the user who requested them."""

import csv
import io
import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from projects.models import Label, Project
from tasks import exports
from tasks.actions.comments import create_comment
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/exports/"


def content(response):
    return b"".join(response.streaming_content)


def rows_of(response):
    return list(csv.DictReader(io.StringIO(content(response).decode("utf-8-sig"), newline="")))


@pytest.fixture
def full(acme, alice, bob, project, task, label):
    """WEB-1 with everything that a task can have, and WEB-2 with nothing."""
    with tenant_context(acme):
        actor, other = membership_of(alice, acme), membership_of(bob, acme)
        fields = {"description": "Two\nlines, “quoted”", "priority": "high", "assignees": [actor, other]}
        update_task(task=task, actor=actor, labels=[label], due_date=timezone.now().date(), **fields)
        create_subtask(task=task, actor=actor, title="Find a picture")
        create_comment(task=task, actor=other, body="Which one?")
        create_task(project=project, actor=actor, title="Zweite Aufgabe: Übergröße")
    return task


def test_requested_project_export_is_waiting(client, acme, vera, project, ask):
    """A viewer reads, and an export is reading."""
    response = ask(vera, project)
    assert response.status_code == 201
    export = response.json()
    assert list(export) == [
        *("id", "project", "format", "state", "failure", "done", "total", "size"),
        *("created_at", "finished_at", "expires_at"),
    ]
    assert (export["project"], export["format"], export["state"]) == (str(project.pk), "csv", "waiting")
    assert export["failure"] is None
    download = client.as_(vera).get(f"{URL}{export['id']}/download/")
    assert (download.status_code, download.json()["code"]) == (409, "conflict")


def test_project_export_becomes_file(exported, bob, project, full):
    export, response = exported(bob, project)
    assert (export["state"], export["done"], export["total"]) == ("ready", 2, 2)
    assert export["finished_at"] < export["expires_at"]
    day = export["created_at"][:10]
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="WEB-{day}.csv"'
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    body = content(response)
    assert export["size"] == len(body) == int(response["Content-Length"])


def test_csv_has_a_row_for_each_task(exported, bob, project, full):
    first, second = rows_of(exported(bob, project)[1])
    assert first["key"] == "WEB-1"
    assert first["description"] == "Two\nlines, “quoted”"
    assert (first["assignees"], first["labels"], first["comments"]) == ("Alice, Bob", "Bug", "1")
    assert first["subtasks"] == "[ ] Find a picture"
    assert (second["key"], second["title"]) == ("WEB-2", "Zweite Aufgabe: Übergröße")
    assert (second["due_date"], second["comments"]) == ("", "0")


def test_csv_follows_the_rfc_and_opens_in_excel(exported, bob, project, full):
    body = content(exported(bob, project)[1])
    assert body.startswith('\ufeff"key","title",'.encode())
    assert body.endswith(b"\r\n")
    assert b'"Two\nlines, ' in body


def test_json_has_the_whole_tree(exported, alice, bob, project, full):
    tree = json.loads(content(exported(bob, project, "json")[1]))
    assert (tree["project"]["key"], len(tree["statuses"])) == ("WEB", 4)
    first, second = tree["tasks"]
    assert [each["name"] for each in first["assignees"]] == ["Alice", "Bob"]
    assert first["subtasks"][0]["title"] == "Find a picture"
    assert (first["comments"][0]["body"], first["comments"][0]["author"]["email"]) == ("Which one?", "bob@example.com")
    assert (first["labels"], first["status"], first["priority"]) == (["Bug"], "To do", "high")
    assert (second["key"], second["comments"]) == ("WEB-2", [])


ROWS_IN = {
    "csv": lambda body: body.count(b"\r\n") - 1,
    "json": lambda body: len(json.loads(body)["tasks"]),
    "xlsx": lambda body: len(list(load_workbook(io.BytesIO(body)).worksheets[0].rows)) - 1,
}


@pytest.mark.parametrize("kind", ROWS_IN)
def test_empty_project_is_exported(exported, bob, project, kind):
    export, response = exported(bob, project, kind)
    assert (export["state"], export["total"]) == ("ready", 0)
    assert ROWS_IN[kind](content(response)) == 0


FORMULAS = {
    **{
        text: f"'{text}"
        for text in ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "＝1+1")
    },
    "\tx": "'\tx",
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "\n =1": "'\n' =1",
    "x;=1+1;y": "x;'=1+1;y",
    "a\n=2+2;": "a\n'=2+2;",
    "a\t＋1": "a\t'＋1",
    "a, -1": "a,' -1",
    "a\r\n@x": "a\r\n'@x",
    'x;"=1"': 'x;\'"=1"',
    "x|=1": "x|'=1",
    "x؛=1": "x؛'=1",
    '=HYPERLINK("https://evil.example","x")': '\'=HYPERLINK("https://evil.example","x")',
}


@pytest.mark.parametrize("text", FORMULAS)
def test_export_contains_no_formula(acme, exported, alice, bob, project, task, text):
    """Any text, in titles, descriptions, names, statuses, labels and subtasks."""
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        Task.objects.update(title=text, description=text)
        project.statuses.filter(category="todo").update(name=text)
        update_task(task=task, actor=actor, labels=[Label.objects.create(name=text)], assignees=[actor])
    alice.name = text
    alice.save()
    (row,) = rows_of(exported(bob, project)[1])
    assert row["description"] == FORMULAS[text]
    in_a_name = FORMULAS[text].translate(dict.fromkeys(map(ord, "\ufeff\u200b")))  # which names do not keep
    for column in ("title", "status", "labels", "assignees"):
        assert row[column] == in_a_name, column
    assert row["subtasks"] == ""


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_every_page_of_an_export_needs_the_same_number_of_queries(acme, project, full, monkeypatch, kind):
    monkeypatch.setattr(exports, "PAGE", 5)

    def queries(tasks):
        project.last_task_number = tasks
        with CaptureQueriesContext(connection) as captured:
            *_, done = exports.write_project(project, kind, io.BytesIO(), exports.MOST_BYTES)
        assert done == tasks
        return len(captured)

    with tenant_context(acme):
        row = {"project": project, "title": "x", "status": project.statuses.first(), "rank": "a"}
        Task.objects.bulk_create(Task(number=number, **row) for number in range(3, 21))
        few, more, many = (queries(tasks) for tasks in (10, 15, 20))
    assert many - more == more - few <= 6


def test_rows_newer_than_the_start_are_not_exported(acme, alice, project, full, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 1)
    with tenant_context(acme):
        project.refresh_from_db()
        file, actor = io.BytesIO(), membership_of(alice, acme)
        pages = exports.write_project(project, "csv", file, exports.MOST_BYTES)
        next(pages)
        create_task(project=project, actor=actor, title="Later")
        assert list(pages) == [2]
    assert b"Later" not in file.getvalue()


# Access ------------------------------------------------------------------------------------------------------------


def test_exports_are_filtered_by_project(client, ask, alice, project, secret_project):
    wanted, _other = ask(alice, project).json(), ask(alice, secret_project)
    shown = client.as_(alice).get(URL, {"project": str(project.pk)}).json()["results"]
    assert [export["id"] for export in shown] == [wanted["id"]]


def test_a_hidden_project_is_not_exported(ask, bob, vera, secret_project):
    hidden, absent = ask(bob, secret_project), ask(bob, Project(pk=uuid4()))
    assert (hidden.status_code, hidden.content) == (400, absent.content)


def test_export_of_a_project_hidden_later_is_hidden(acme, client, exported, bob, project):
    export, _ = exported(bob, project)
    with tenant_context(acme):
        Project.objects.update(private=True)
    for suffix in ("", "download/"):
        assert client.as_(bob).get(f"{URL}{export['id']}/{suffix}").status_code == 404
    assert client.as_(bob).get(URL).json()["results"] == []


# Failing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_export_that_is_too_large_fails_with_a_reason(exported, bob, project, full, monkeypatch, kind):
    monkeypatch.setattr(exports, "MOST_BYTES", 200)
    export, response = exported(bob, project, kind)
    assert (export["state"], export["failure"]) == ("failed", "too_large")
    assert response.status_code == 409


@pytest.mark.parametrize("change", [{"format": "xml"}, {"format": 1}, {"format": None}, {"project": "WEB"}, {"x": 1}])
def test_bad_requests_are_refused(client, bob, project, change):
    body = {"project": str(project.pk), "format": "csv", **change}
    response = client.as_(bob).json("POST", URL, body)
    assert (response.status_code, list(response.json()["errors"])) == (400, list(change))
    for missing in ("project", "format"):
        less = {name: value for name, value in body.items() if name not in (missing, "x")}
        assert client.as_(bob).json("POST", URL, less).status_code == 400

"""/api/v1/tasks/ with parameters"""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/tasks/"


@pytest.fixture
def session(client, acme, alice, bob, project, task, label):
    """WEB-1 to WEB-3: WEB-2 is bob's, urgent and due, WEB-3 is done and about whales."""
    session = client.as_(bob)
    with tenant_context(acme):
        his = str(membership_of(bob, acme).pk)
    two = {"title": "b", "priority": "urgent", "due_date": "2026-05-10", "assignees": [his], "labels": [label.pk]}
    session.json("POST", URL, {"project": project.pk, **two})
    session.json("POST", URL, {"project": project.pk, "title": "c", "description": "Whales", "due_date": "2026-05-20"})
    session.json("POST", f"{URL}WEB-3/complete/")
    return session


def keys(session, **parameters):
    response = session.get(URL, parameters)
    assert response.status_code == 200, response.content
    return [row["key"] for row in response.json()["results"]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"status": "done"}, ["WEB-3"]),
        ({"status": "todo"}, ["WEB-2", "WEB-1"]),
        ({"assignee": "none"}, ["WEB-3", "WEB-1"]),
        ({"mine": "true"}, ["WEB-2"]),
        ({"mine": "false"}, ["WEB-3", "WEB-1"]),
        ({"priority": "urgent"}, ["WEB-2"]),
        ({"due_before": "2026-05-20"}, ["WEB-2"]),
        ({"due_after": "2026-05-10"}, ["WEB-3"]),
        ({"q": "whale"}, ["WEB-3"]),
        ({"q": "WEB-2"}, ["WEB-2"]),
        ({"archived": "true"}, []),
        ({"updated_since": "2020-01-01T00:00:00Z", "status": "done"}, ["WEB-3"]),
        ({"updated_since": "2999-01-01T00:00:00Z"}, []),
        ({"updated_since": "2999-01-01T00:00:00-23:59"}, []),  # PostgreSQL supports no time zone so far from UTC
        ({"updated_since": "2020-01-01T00:00:00+19:49", "status": "done"}, ["WEB-3"]),
        ({"ordering": "created_at"}, ["WEB-1", "WEB-2", "WEB-3"]),
        ({"ordering": "due_date"}, ["WEB-2", "WEB-3", "WEB-1"]),
        ({"ordering": "-due_date"}, ["WEB-1", "WEB-3", "WEB-2"]),
        ({"ordering": "-priority"}, ["WEB-2", "WEB-3", "WEB-1"]),
        ({"ordering": "title"}, ["WEB-2", "WEB-3", "WEB-1"]),
        ({"ordering": "-number"}, ["WEB-3", "WEB-2", "WEB-1"]),
    ],
)
def test_a_list_can_be_narrowed_and_ordered(session, parameters, expected):
    assert keys(session, **parameters) == expected


def test_tasks_can_be_filtered_by_id(session, acme, bob, project, statuses, label):
    with tenant_context(acme):
        his = membership_of(bob, acme).pk
    assert keys(session, project=project.pk) == ["WEB-3", "WEB-2", "WEB-1"]
    assert keys(session, status=statuses["done"].pk) == ["WEB-3"]
    assert keys(session, assignee=his, label=label.pk) == ["WEB-2"]


@pytest.mark.parametrize("name", ["project", "status", "assignee", "label"])
def test_filter_by_a_foreign_id_finds_nothing(session, globex, mallory, foreign_project, foreign_task, name):
    with tenant_context(globex):
        ids = {
            "project": foreign_project.pk,
            "status": foreign_task.status_id,
            "assignee": membership_of(mallory, globex).pk,
            "label": foreign_task.pk,
        }
    assert keys(session, **{name: ids[name]}) == keys(session, **{name: uuid4()}) == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("colour=red", "colour"),
        ("project=WEB", "project"),
        ("project=", "project"),
        ("project=x&project=y", "project"),
        ("status=doen", "status"),
        ("assignee=me", "assignee"),
        ("priority=none&priority=low", "priority"),
        ("priority=9", "priority"),
        ("due_before=10/05/2026", "due_before"),
        ("due=tomorrow", "due"),
        ("due=", "due"),
        ("due_after=2026-13-01", "due_after"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=0001-01-01T00:00:00%2B01:00", "updated_since"),
        ("updated_since=9999-12-31T23:59:59-01:00", "updated_since"),
        ("mine=perhaps", "mine"),
        ("archived=yes", "archived"),
        ("ordering=secret", "ordering"),
        ("ordering=", "ordering"),
        ("q=%00", "q"),
        (f"q={'x' * 201}", "q"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("cursor=x", "cursor"),
    ],
)
def test_invalid_filter_is_named(session, query, name):
    response = session.get(f"{URL}?{query}")
    assert (response.status_code, set(response.json()["errors"])) == (400, {name})


@pytest.mark.parametrize("ordering", ["due_date", "-priority", "updated_at", "title"])
def test_pages_of_every_order_end_and_have_each_task_once(session, acme, project, statuses, ordering):
    with tenant_context(acme):
        Task.objects.bulk_create(
            Task(project=project, number=10 + number, title="same", status=statuses["todo"], rank="V0000")
            for number in range(20)
        )
        Task.objects.update(updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    forward, url = [], f"{URL}?page_size=3&ordering={ordering}"
    while url:
        page = session.get(url).json()
        forward += [row["key"] for row in page["results"]]
        url, last = page["next"], page["previous"]
    assert len(forward) == len(set(forward)) == 23
    backward = []
    while last:
        page = session.get(last).json()
        backward = [row["key"] for row in page["results"]] + backward
        last = page["previous"]
    assert backward == forward[: len(backward)]
    assert len(backward) == 21

"""Keyset pagination of lists: cursors, sizes, links."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from projects.models import Project
from tasks.models import Task
from tenancy.context import tenant_context

TASKS = "/api/v1/tasks/"
PROJECTS = "/api/v1/projects/"


@pytest.fixture
def make_tasks(acme, project, statuses):
    """Make tasks in one bulk load, all of them at the same moment."""

    def make(amount):
        with tenant_context(acme):
            rows = [
                Task(project=project, number=number, title=f"T{number}", status=statuses["todo"], rank="V0000")
                for number in range(1, amount + 1)
            ]
            Task.objects.bulk_create(rows)
            Task.objects.update(created_at=timezone.now())

    return make


def walk(client, url, link="next"):
    """Follow the links of a list to its end and return its pages."""
    pages = []
    while url:
        assert len(pages) < 100, "The list does not end."
        page = client.get(url).json()
        pages.append(page)
        url = page[link]
    return pages


def ids(*pages):
    return [row["id"] for page in pages for row in page["results"]]


# Completeness ------------------------------------------------------------------------------------------------------


def test_an_empty_list_has_one_page(client, bob):
    assert client.as_(bob).get(TASKS).json() == {"next": None, "previous": None, "results": []}


def test_page_has_fifty_rows_by_default(client, bob, make_tasks):
    make_tasks(51)
    assert [len(page["results"]) for page in walk(client.as_(bob), TASKS)] == [50, 1]


def test_full_page_without_more_rows_is_the_last(client, bob, make_tasks):
    make_tasks(50)
    assert client.as_(bob).get(TASKS).json()["next"] is None


def test_rows_with_equal_timestamps_are_listed_once(client, acme, bob, make_tasks):
    make_tasks(1200)  # more than REST framework's cursors can count
    pages = walk(client.as_(bob), f"{TASKS}?page_size=200")
    assert [len(page["results"]) for page in pages] == [200] * 6
    assert len(set(ids(*pages))) == 1200


def test_rows_with_equal_timestamps_are_ordered_by_descending_id(client, bob, make_tasks):
    make_tasks(30)
    pages = walk(client.as_(bob), f"{TASKS}?page_size=7")
    assert ids(*pages) == sorted(ids(*pages), reverse=True)


def test_previous_links_return_the_same_pages(client, bob, make_tasks):
    make_tasks(23)
    there = walk(client.as_(bob), f"{TASKS}?page_size=5")
    back = walk(client.as_(bob), there[-1]["previous"], link="previous")
    assert [ids(page) for page in back] == [ids(page) for page in reversed(there[:-1])]


def test_previous_link_returns_the_page_before(client, bob, make_tasks):
    make_tasks(23)
    bob = client.as_(bob)
    first = bob.get(f"{TASKS}?page_size=5").json()
    second = bob.get(first["next"]).json()
    again = bob.get(second["previous"]).json()
    assert (ids(again), again["previous"]) == (ids(first), None)
    assert ids(bob.get(again["next"]).json()) == ids(second)


def test_a_row_that_is_added_meanwhile_neither_repeats_nor_hides_others(
    client, acme, bob, make_tasks, project, statuses
):
    make_tasks(10)
    bob = client.as_(bob)
    first = bob.get(f"{TASKS}?page_size=5").json()
    with tenant_context(acme):
        Task.objects.create(project=project, number=99, title="New", status=statuses["todo"], rank="V0000")
    second = bob.get(first["next"]).json()
    assert len({*ids(first), *ids(second)}) == 10


def test_deleting_the_last_row_of_a_page_skips_no_row(client, acme, bob, make_tasks):
    make_tasks(10)
    bob = client.as_(bob)
    first = bob.get(f"{TASKS}?page_size=5").json()
    with tenant_context(acme):
        Task.objects.get(pk=ids(first)[-1]).delete()
    assert len(ids(bob.get(first["next"]).json())) == 5


def test_list_that_became_shorter_has_a_last_page(client, acme, bob, make_tasks):
    make_tasks(10)
    bob = client.as_(bob)
    first = bob.get(f"{TASKS}?page_size=5").json()
    with tenant_context(acme):
        Task.objects.all().delete()
    assert bob.get(first["next"]).json() == {"next": None, "previous": None, "results": []}


def test_ascending_lists_are_complete(client, acme, bob):
    with tenant_context(acme):
        Project.objects.bulk_create(Project(key=f"P{number:03}", name="x") for number in range(12))
    pages = walk(client.as_(bob), f"{PROJECTS}?page_size=5")
    assert [row["key"] for page in pages for row in page["results"]] == [f"P{number:03}" for number in range(12)]


# Links -------------------------------------------------------------------------------------------------------------


def test_links_are_absolute_on_the_requested_host(client, bob, make_tasks):
    make_tasks(3)
    page = client.as_(bob).get(f"{TASKS}?page_size=2").json()
    assert page["next"].startswith("http://acme.localhost/api/v1/tasks/?")


def test_links_keep_port_and_scheme(client, bob, make_tasks):
    make_tasks(3)
    page = client.as_(bob).get(f"{TASKS}?page_size=2", headers={"Host": "acme.localhost:8000"}, secure=True).json()
    assert page["next"].startswith("https://acme.localhost:8000/api/v1/tasks/?")


def test_links_ignore_forwarded_headers(client, bob, make_tasks):
    make_tasks(3)
    page = client.as_(bob).get(f"{TASKS}?page_size=2", headers={"X-Forwarded-Host": "evil.example.com"}).json()
    assert "evil" not in page["next"]


def test_links_keep_the_other_parameters(client, bob, make_tasks):
    make_tasks(3)
    page = client.as_(bob).get(f"{TASKS}?archived=all&page_size=2").json()
    query = parse_qs(urlsplit(page["next"]).query)
    assert (query["archived"], query["page_size"]) == (["all"], ["2"])


# Sizes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["1", "200"])
def test_sizes_up_to_two_hundred_are_served(client, bob, size):
    assert client.as_(bob).get(f"{TASKS}?page_size={size}").status_code == 200


@pytest.mark.parametrize("size", ["201", "0", "-1", "", "ten", "1.5", "1e2", "0x10", "٣", "9" * 5000, "%00", "%20 5"])
def test_invalid_page_size_is_refused_with_the_field_name(client, bob, size):
    response = client.as_(bob).get(f"{TASKS}?page_size={size}")
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"page_size"}


# Cursors -----------------------------------------------------------------------------------------------------------


def cursor_of(page):
    return parse_qs(urlsplit(page["next"]).query)["cursor"][0]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%00",
        "....",
        ":",
        "bnVsbA",
        "W10:x",
        "cD0yMDI2",
        "%F0%9F%92%A9",
        "%FF",
        "'--",
        "[" * 5000,
        "01a1fbef-c2e5-7626-b6bc-afbccaad3f25",
    ],
)
def test_invented_cursor_is_refused_with_the_field_name(client, bob, cursor):
    response = client.as_(bob).get(f"{TASKS}?cursor={cursor}")
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"cursor"}


def test_a_cursor_that_was_changed_is_refused(client, bob, make_tasks):
    make_tasks(3)
    cursor = cursor_of(client.as_(bob).get(f"{TASKS}?page_size=1").json())
    changed = re.sub(r".", lambda match: "B" if match[0] == "A" else "A", cursor, count=1)
    assert client.as_(bob).get(TASKS, {"cursor": changed}).status_code == 400


def test_a_cursor_of_another_list_is_refused(client, bob, make_tasks):
    make_tasks(3)
    cursor = cursor_of(client.as_(bob).get(f"{TASKS}?page_size=1").json())
    assert client.as_(bob).get("/api/v1/subtasks/", {"cursor": cursor}).status_code == 400


def test_cursor_of_another_tenant_is_refused_like_an_invented_one(client, acme, globex, charlie, make_tasks):
    make_tasks(3)
    foreign = cursor_of(client.as_(charlie, at=acme).get(f"{TASKS}?page_size=1").json())
    in_globex = client.as_(charlie, at=globex)
    answers = [in_globex.get(TASKS, {"cursor": cursor}) for cursor in (foreign, "made-up")]
    assert [response.status_code for response in answers] == [400, 400]
    assert answers[0].content == answers[1].content


def test_cursor_of_another_member_shows_only_visible_rows(client, alice, bob, task, secret_task):
    cursor = cursor_of(client.as_(alice).get(f"{TASKS}?page_size=1").json())
    page = client.as_(bob).get(TASKS, {"cursor": cursor}).json()
    assert ids(page) == [str(task.pk)]

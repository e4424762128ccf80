"""Columns of a board with more cards than are shown first."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from frontend.board.columns import columns_of
from tasks.models import Task
from tenancy.context import tenant_context

HTMX = {"HTTP_HX_REQUEST": "true"}
LONG = 120  # cards in a column that shows 50 first


@pytest.fixture
def long_column(acme, project, statuses):
    """WEB has 120 tasks in “To do” and one in “Doing”; returns the status of the first."""
    with tenant_context(acme):
        rows = [("todo", number) for number in range(LONG)] + [("doing", LONG)]
        Task.objects.bulk_create(
            Task(
                project=project,
                number=1000 + number,
                title=f"Task {number:03}",
                status=statuses[status],
                rank=f"b{number:03}",
            )
            for status, number in rows
        )
    return statuses["todo"]


def titles_in(response):
    return re.findall(r'<span class="card-title" dir="auto">(Task \d+)</span>', response.content.decode())


def test_long_column_shows_its_first_cards_and_loads_more_on_scroll(client, bob, long_column):
    page = client.as_(bob).get("/projects/WEB/")
    assert titles_in(page) == [f"Task {number:03}" for number in [*range(50), LONG]]
    html = page.content.decode()
    assert f"{LONG - 50} more" in html
    assert 'data-next="100"' in html
    part = client.as_(bob).get(
        "/projects/WEB/parts/", {"column": long_column.pk, "cards": f"{long_column.pk}:100"}, **HTMX
    )
    assert titles_in(part) == [f"Task {number:03}" for number in range(100)]
    assert 'data-cards="100"' in part.content.decode()


def test_column_with_all_cards_has_no_link_to_more(client, bob, long_column):
    part = client.as_(bob).get("/projects/WEB/parts/", {"cards": f"{long_column.pk}:150"}, **HTMX)
    assert titles_in(part) == [f"Task {number:03}" for number in range(LONG + 1)]
    assert f"rest-{long_column.pk}" not in part.content.decode()


def test_board_shows_a_limited_number_of_cards_of_a_column(client, bob, long_column, monkeypatch):
    monkeypatch.setattr("frontend.board.columns.MOST_CARDS", 100)
    part = client.as_(bob).get("/projects/WEB/parts/", {"cards": f"{long_column.pk}:9999"}, **HTMX)
    assert len(titles_in(part)) == 101
    html = part.content.decode()
    assert f"{LONG - 100} more" in html
    assert "data-next" not in html  # the link leads to the list


def test_cards_of_all_columns_together_are_limited(client, bob, long_column, statuses, acme, monkeypatch):
    monkeypatch.setattr("frontend.board.filters.MOST_CARDS", 60)
    with tenant_context(acme):
        Task.objects.filter(number__gte=1060).update(status=statuses["doing"])
    query = {"cards": [f"{status.pk}:500" for status in (long_column, statuses["doing"])]}
    part = client.as_(bob).get("/projects/WEB/parts/", query, **HTMX)
    assert len(titles_in(part)) == 60 + 50


def test_more_cards_need_no_more_queries(client, bob, long_column, django_assert_num_queries):
    path, browser = "/projects/WEB/parts/", client.as_(bob)
    browser.get(path, **HTMX)
    with CaptureQueriesContext(connection) as first:
        assert len(titles_in(browser.get(path, **HTMX))) == 51
    with django_assert_num_queries(len(first)):
        assert len(titles_in(browser.get(path, {"cards": f"{long_column.pk}:100"}, **HTMX))) == 101


def test_long_column_is_read_with_an_index(acme, project, long_column):
    """The tasks of a column that are not shown are not read: PostgreSQL stops at the limit."""
    with tenant_context(acme), connection.cursor() as cursor, CaptureQueriesContext(connection) as captured:
        columns_of([project], Task.objects.all())
        cursor.execute(f"SET LOCAL enable_seqscan = off; EXPLAIN {captured.captured_queries[-1]['sql']}")
        while cursor.nextset():
            pass
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Limit" in plan
    assert "task_column" in plan
    assert "WindowAgg" not in plan


@pytest.mark.parametrize(
    "cards",
    [
        "",
        "50",
        ":50",
        "x:50",
        "{status}:",
        "{status}:many",
        "{status}",
        "{status}:-5",
        "{status}:１００",
        "{status}:10000",
    ],
)
def test_invalid_number_of_cards_is_refused(client, bob, project, statuses, cards):
    query = {"cards": cards.format(status=statuses["todo"].pk)}
    assert client.as_(bob).get("/projects/WEB/parts/", query, **HTMX).status_code == 400


def test_number_of_cards_of_another_column_changes_nothing(client, bob, long_column, foreign_task):
    query = {"cards": [f"{uuid4()}:100", f"{foreign_task.status_id}:100", f"{long_column.pk}:5"]}
    part = client.as_(bob).get("/projects/WEB/parts/", query, **HTMX)
    assert len(titles_in(part)) == 51

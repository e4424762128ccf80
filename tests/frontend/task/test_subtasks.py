"""/subtasks/: all of the account, ten a page, by title."""

import pytest

from tasks.models import Subtask
from tenancy.context import tenant_context

URL = "/subtasks/"


@pytest.fixture
def many(acme, task):
    """Twenty-five subtasks of WEB-1."""
    with tenant_context(acme):
        numbers = [(number * 7) % 25 for number in range(25)]
        return Subtask.objects.bulk_create(
            Subtask(task=task, title=f"Step {number:02}", rank="a") for number in numbers
        )


def titles(response):
    return [subtask.title for subtask in response.context["rows"]]


def test_subtasks_are_paginated_by_title(client, bob, many):
    pages = [titles(client.as_(bob).get(URL, {"page": number})) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [title for page in pages for title in page] == [f"Step {number:02}" for number in range(25)]


def test_the_first_page_needs_no_number(client, bob, many):
    assert titles(client.as_(bob).get(URL))[0] == "Step 00"


def test_page_shows_position_and_links_to_neighbouring_pages(client, bob, many, page):
    middle = page(client.as_(bob).get(URL, {"page": 2}))
    assert "11–20 · page 2" in middle.text
    assert [link for link in middle.links if link.startswith("?")] == ["?page=1", "?page=3"]
    last = page(client.as_(bob).get(URL, {"page": 3}))
    assert "21–25 · page 3" in last.text
    assert [link for link in last.links if link.startswith("?")] == ["?page=2"]


def test_each_leads_to_its_task(client, bob, subtask, page):
    seen = page(client.as_(bob).get(URL))
    assert "/tasks/WEB-1/#subtasks" in seen.links


@pytest.mark.parametrize(
    "number", ["0", "-1", "4", "01", "999999999999999999999", "9" * 5000, "x", "", " ", "1.5", "1e1", "\x00", "²", "٤"]
)
def test_a_page_that_there_is_not_is_not_found(client, bob, many, number):
    assert client.as_(bob).get(URL, {"page": number}).status_code == 404


def test_an_empty_account_has_an_empty_first_page(client, bob, page):
    response = client.as_(bob).get(URL)
    assert response.status_code == 200
    assert "There are no subtasks yet." in page(response).text


def test_subtasks_of_hidden_projects_and_other_accounts_are_not_there(
    client, alice, bob, acme, globex, subtask, secret_task, foreign_task
):
    with tenant_context(acme):
        Subtask.objects.create(task=secret_task, title="Hidden", rank="a")
    with tenant_context(globex):
        Subtask.objects.create(task=foreign_task, title="Foreign", rank="a")
    assert titles(client.as_(bob).get(URL)) == ["Find a picture"]
    assert titles(client.as_(alice).get(URL)) == ["Find a picture", "Hidden"]


def test_viewers_read_them(client, vera, subtask):
    assert titles(client.as_(vera).get(URL)) == ["Find a picture"]

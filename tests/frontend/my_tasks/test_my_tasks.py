"""/my-tasks/"""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from frontend.my_tasks.views import grouped
from tasks.actions.progress import archive_task, complete_task
from tasks.actions.tasks import create_task
from tasks.models import Task
from tenancy.testing import membership_of

URL = "/my-tasks/"


@pytest.fixture
def mine(acme, alice, bob, project, as_member):
    """Give bob a task that is due in so many days, or never."""

    def make(title, due=None, **fields):
        day = None if due is None else timezone.localdate() + timedelta(days=due)
        people = [membership_of(bob, acme)]
        return as_member(alice, create_task, project=project, title=title, due_date=day, assignees=people, **fields)

    return make


def test_tasks_are_grouped_by_due_date(client, bob, mine, page):
    for title, due in (("Sometime", None), ("In a month", 30), ("Now", 0), ("Long ago", -20)):
        mine(title, due)
    text = page(client.as_(bob).get(URL)).text
    order = ["Overdue", "Long ago", "Today", "Now", "Later", "In a month", "Without a date", "Sometime"]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "4 open" in text


@pytest.mark.parametrize(
    ("due", "group"),
    [
        ("2026-11-17", "overdue"),
        ("2026-11-18", "today"),
        ("2026-11-19", "week"),
        ("2026-11-22", "week"),
        ("2026-11-23", "later"),
        (None, "undated"),
    ],
)
def test_a_week_ends_on_sunday(due, group):
    task = Task(due_date=date.fromisoformat(due) if due else None)
    assert [each.name for each in grouped([task], date(2026, 11, 18))] == [group]


def test_only_ones_own_open_ones(client, alice, bob, task, mine, as_member, page):
    as_member(alice, archive_task, task=mine("Put away"))
    text = page(client.as_(bob).get(URL)).text
    assert "No open tasks." in text
    assert "Write the welcome page" not in text
    assert "Put away" not in text


def test_tasks_of_hidden_or_archived_projects_are_not_shown(client, bob, project, mine, changed, page):
    mine("Mine")
    changed(project, private=True)
    assert "Mine" not in page(client.as_(bob).get(URL)).text
    changed(project, private=False)
    assert "Mine" in page(client.as_(bob).get(URL)).text
    changed(project, archived_at=timezone.now())
    assert "Mine" not in page(client.as_(bob).get(URL)).text


def test_completed_task_stays_visible(client, bob, mine, page):
    mine("Mine")
    response = client.as_(bob).post("/tasks/WEB-1/complete/", {"back": "my-tasks"}, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    text = page(response).text
    assert text.index("Done in the last seven days") < text.index("Mine")
    client.as_(bob).post("/tasks/WEB-1/reopen/", {"back": "https://evil.example/"})
    assert "Done in the last" not in page(client.as_(bob).get(URL)).text


def test_tasks_completed_long_ago_are_not_shown(client, bob, mine, changed, as_member, page):
    task = as_member(bob, complete_task, task=mine("Mine"))
    changed(task, completed_at=timezone.now() - timedelta(days=8))
    assert "Mine" not in page(client.as_(bob).get(URL)).text


def test_viewers_have_no_boxes(client, acme, alice, vera, project, as_member, page):
    as_member(alice, create_task, project=project, title="For Vera", assignees=[membership_of(vera, acme)])
    seen = page(client.as_(vera).get(URL))
    assert "For Vera" in seen.text
    assert seen.forms == []


def test_a_page_that_there_is_not_is_not_found(client, bob):
    for nonsense in ("2", "0", "x"):
        assert client.as_(bob).get(URL, {"page": nonsense}).status_code == 404

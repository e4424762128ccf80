"""The HTML of cards is cached under a key of all that it shows: no reader sees an old card, or that of another."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format

from accounts.models import Membership, User
from projects.models import Label
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.testing import membership_of


@pytest.fixture
def card(acme, alice, bob, project, as_member):
    """WEB-1 with all that a card can have."""
    with tenant_context(acme):
        label = Label.objects.create(name="Bug", color="red")
    fields = {"labels": [label], "assignees": [membership_of(bob, acme)], "due_date": timezone.localdate()}
    task = as_member(alice, create_task, project=project, title="Write", priority="low", **fields)
    for title in ("One", "Two"):
        as_member(alice, create_subtask, task=task, title=title)
    return task


def shown_card(client, user, query=""):
    """Return the one card of the board."""
    text = client.as_(user).get(f"/projects/WEB/{query}").content.decode()
    return text.partition('class="card-item"')[2].partition("</li>")[0]


# Not by the actions, which count the version up: that alone makes another card.
CHANGES = {
    "title": (lambda: Task.objects.update(title="Rewrite"), "Rewrite"),
    "priority": (lambda: Task.objects.update(priority="urgent"), "priority-urgent"),
    "due date": (lambda: Task.objects.update(due_date=timezone.localdate() - timedelta(1)), "overdue, was due"),
    "version": (lambda: Task.objects.update(version=7), 'data-version="7"'),
    "number": (lambda: Task.objects.update(number=9), "WEB-9"),
    "name of a label": (lambda: Label.objects.update(name="Defect"), "Defect"),
    "color of a label": (lambda: Label.objects.update(color="teal"), "color-teal"),
    "labels": (lambda: TaskLabel.objects.all().delete(), "card-facts"),
    "people": (lambda: Assignment.objects.all().delete(), "card-facts"),
    "name of a person": (lambda: User.objects.filter(name="Bob").update(name="Robert"), "Robert"),
    "picture of a person": (lambda: Membership.objects.update(avatar="0" * 32), "0" * 32),
    "subtasks": (lambda: Subtask.objects.filter(title="One").delete(), "0/1"),
    "ticks": (lambda: Subtask.objects.filter(title="One").update(done=True), "1/2"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_card_is_another_when_it_shows_something_else(client, acme, alice, card, what):
    before = shown_card(client, alice)
    assert shown_card(client, alice) == before
    change, shown = CHANGES[what]
    with tenant_context(acme):
        change()
    after = shown_card(client, alice)
    assert after != before
    assert shown in after


def test_a_card_is_late_until_it_is_done(client, acme, alice, card):
    with tenant_context(acme):
        Task.objects.update(due_date=timezone.localdate() - timedelta(1))
    assert "overdue, was due" in shown_card(client, alice)
    with tenant_context(acme):
        Task.objects.update(completed_at=timezone.now())
    assert "overdue, was due" not in shown_card(client, alice)


def test_a_card_is_late_on_the_next_day(client, alice, card, at):
    assert "overdue, was due" not in shown_card(client, alice)
    at(f"{timezone.localdate() + timedelta(1)} 00:00")
    assert "overdue, was due" in shown_card(client, alice)


def test_reader_with_another_date_gets_another_card(client, acme, alice, bob, card, at):
    """At 11:00 in UTC it is the next day in Kiritimati, and still that day in Pago Pago."""
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Kiritimati")
    User.objects.filter(pk=bob.pk).update(time_zone="Pacific/Pago_Pago")
    at(f"{timezone.localdate()} 11:00")
    for _again in range(2):
        assert "overdue, was due" in shown_card(client, alice)
        assert "overdue, was due" not in shown_card(client, bob)


def test_viewer_does_not_get_the_cached_card_with_move_buttons(client, bob, vera, card):
    assert "/tasks/WEB-1/place/" in shown_card(client, bob)
    assert "/tasks/WEB-1/place/" not in shown_card(client, vera)
    assert "/tasks/WEB-1/place/" in shown_card(client, bob)


def test_a_card_leads_back_to_what_is_looked_at(client, bob, card):
    for query in ("?priority=low", "", "?label=&priority=low"):
        kept = "?priority=low" if "low" in query else ""
        assert f'href="/tasks/WEB-1/place/{kept}"' in shown_card(client, bob, query)


def test_a_card_leads_where_its_reader_came_from(client, bob, card, resolvers):
    resolvers("PathResolver", "HostResolver")
    browser = client.as_(bob)
    for _again in range(2):
        by_host = browser.get("/projects/WEB/").content.decode()
        by_path = browser.get("/t/acme/projects/WEB/", HTTP_HOST="localhost").content.decode()
        assert 'href="/tasks/WEB-1/"' in by_host
        assert 'href="/t/acme/tasks/WEB-1/"' in by_path
        assert 'href="/tasks/WEB-1/"' not in by_path


def test_a_card_is_in_the_language_of_its_reader(client, bob, card):
    for _again in range(2):
        shown = {}
        for language in ("en", "de"):
            with translation.override(language):
                shown[language] = shown_card(client, bob)
        assert date_format(timezone.localdate(), "F") in shown["en"]
        with translation.override("de"):
            assert date_format(timezone.localdate(), "l") in shown["de"]
            assert date_format(timezone.localdate(), "l") not in shown["en"]

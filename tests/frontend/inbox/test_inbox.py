"""/inbox/: what the member is told about, and which mails they get."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from accounts.models import Account, Notification
from projects.models import Project
from tasks.actions.comments import create_comment
from tasks.actions.tasks import update_task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/inbox/"


@pytest.fixture
def told(acme, alice, bob, task, as_member):
    """Bob's two, newest first: mentioned, assigned."""
    as_member(alice, update_task, task=task, assignees=[membership_of(bob, acme)])
    as_member(alice, create_comment, task=task, body="@Bob")
    with tenant_context(acme):
        return list(Notification.objects.all())


def test_inbox_describes_notifications(client, bob, told, page):
    seen = page(client.as_(bob).get(URL))
    for words in ("Alice mentioned you in WEB-1", "Alice assigned you WEB-1", "Write the welcome page"):
        assert words in seen.text
    assert len(seen.all("span", **{"class": "unbroken"})) == 2  # no line ends at the hyphen of a key
    assert "/tasks/WEB-1/" in seen.links
    assert f"/inbox/{told[0].pk}/read/" in seen.forms


def test_inbox_shows_project_and_comment(client, bob, told, page):
    seen = page(client.as_(bob).get(URL))
    assert "Website" in seen.text
    assert "@Bob" in seen.text
    assert "2 unread" in seen.text


def test_rows_are_under_the_days_of_the_accounts_clock(client, acme, bob, told, page):
    """At 23:30 UTC it is the next day in Tokyo already."""
    Account.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    with tenant_context(acme):
        rows = Notification.objects.filter(pk=told[1].pk)
        rows.update(created_at=datetime(2025, 3, 1, 23, 30, tzinfo=UTC))
    text = page(client.as_(bob).get(URL)).text
    assert text.index("Today") < text.index("mentioned you") < text.index("Mar 2, 2025") < text.index("assigned you")
    assert "08:30" in text


def test_only_what_is_unread_can_be_shown(client, bob, told, page):
    browser = client.as_(bob)
    seen = page(browser.post(f"{URL}{told[0].pk}/read/?show=unread", follow=True))
    assert "Alice assigned you WEB-1" in seen.text
    assert "Alice mentioned you" not in seen.text
    assert "Alice mentioned you" in page(browser.get(URL)).text
    seen = page(browser.post(f"{URL}read/?show=unread", follow=True))
    assert "No unread notifications." in seen.text


def test_scripts_get_the_list_and_the_number_beside_it(client, bob, told):
    headers = {"HX-Request": "true", "HX-Target": "inbox"}
    for answer in (
        client.as_(bob).get(URL, headers=headers),
        client.as_(bob).post(f"{URL}{told[0].pk}/read/", headers=headers),
        client.as_(bob).post(f"{URL}read/", headers=headers),
    ):
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "<html" not in text
        assert 'id="inbox"' in text
        assert 'id="inbox-link"' in text
        assert "HX-Target" in answer["Vary"] or answer.wsgi_request.method == "POST"
    assert "unread</span>" not in text


def test_the_last_one_of_a_page_can_be_read_there(client, acme, bob, task):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        rows = Notification.objects.bulk_create(
            Notification(member=member, kind="assigned", subject_id=task.pk, cause=str(number)) for number in range(26)
        )
    headers = {"HX-Request": "true", "HX-Target": "inbox"}
    answer = client.as_(bob).post(f"{URL}{rows[0].pk}/read/?show=unread&page=2", headers=headers)
    assert answer.status_code == 200


def test_every_page_says_how_many_are_unread(client, alice, bob, told, page):
    assert "Inbox 2 unread" in page(client.as_(bob).get("/")).text
    assert "unread" not in page(client.as_(alice).get("/")).text


def test_notification_is_marked_as_read(client, bob, told, page):
    browser = client.as_(bob)
    seen = page(browser.post(f"{URL}{told[0].pk}/read/", follow=True))
    assert "Inbox 1 unread" in seen.text
    assert f"/inbox/{told[0].pk}/read/" not in seen.forms


def test_all_are_marked_as_read(client, bob, told, page):
    seen = page(client.as_(bob).post(f"{URL}read/", follow=True))
    assert "unread" not in seen.text
    assert seen.forms == ["/inbox/mails/"]


def test_without_any_it_says_what_will_be_here(client, vera, page):
    seen = page(client.as_(vera).get(URL))
    assert "No notifications yet. You are notified here when a member assigns you a task" in seen.text
    assert seen.forms == ["/inbox/mails/"]


def test_notifications_of_others_are_neither_shown_nor_marked(client, alice, bob, told, page):
    browser = client.as_(alice)
    assert "WEB-1" not in page(browser.get(URL)).text
    answers = [browser.post(f"{URL}{pk}/read/") for pk in (told[0].pk, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    browser.post(f"{URL}read/")
    assert "Inbox 2 unread" in page(client.as_(bob).get("/")).text


def test_hidden_ones_are_not_counted(client, acme, bob, told, page):
    with tenant_context(acme):
        Project.objects.update(private=True)
    seen = page(client.as_(bob).get(URL))
    assert "unread" not in seen.text
    assert "WEB-1" not in seen.text


def test_the_mails_are_chosen_here(client, acme, vera, page):
    browser = client.as_(vera)
    boxes = page(browser.get(URL)).all("input", type="checkbox")
    assert [(box["name"], "checked" in box) for box in boxes] == [("mail_notifications", True), ("mail_digest", True)]
    seen = page(browser.post(f"{URL}mails/", {"mail_digest": "on"}, follow=True))
    assert "Your email settings were saved." in seen.text
    boxes = seen.all("input", type="checkbox")
    assert [(box["name"], "checked" in box) for box in boxes] == [("mail_notifications", False), ("mail_digest", True)]
    assert client.as_(vera).get("/api/v1/me/").json()["mail_notifications"] is False


def test_inbox_is_paginated(client, acme, bob, task, page):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        Notification.objects.bulk_create(
            Notification(member=member, kind="assigned", subject_id=task.pk, cause=str(number)) for number in range(26)
        )
    assert "26–26 of 26" in page(client.as_(bob).get(URL, {"page": 2})).text
    for nonsense in ("3", "0", "x"):
        assert client.as_(bob).get(URL, {"page": nonsense}).status_code == 404


@pytest.mark.parametrize("path", ["read/", "mails/", "{pk}/read/"])
def test_get_does_not_change_notifications(client, bob, told, path):
    assert client.as_(bob).get(URL + path.format(pk=told[0].pk)).status_code == 405

"""/api/v1/notifications/: the member's own notifications, of every kind."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.jobs import remove_old
from accounts.models import Notification
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.models import Note

URL = "/api/v1/notifications/"


@pytest.fixture
def told(notified):
    """The admin has two. Return their ids, newest first."""
    older, newer = notified(), notified()
    return [str(newer.pk), str(older.pk)]


@pytest.fixture
def session(client, acme, admin):
    return client.as_(admin, at=acme)


def ids(session, **query):
    return [row["id"] for row in session.get(URL, query).json()["results"]]


def test_notifications_are_listed_newest_first(session, acme, alice, told, subject):
    assert ids(session) == told
    row = session.get(URL).json()["results"][0]
    assert list(row)[:2] == ["id", "kind"]
    assert list(row)[-3:] == ["actor", "created_at", "read_at"]
    assert (row["kind"], row["sample"], row["read_at"]) == ("sample", str(subject.pk), None)
    assert row["actor"] == str(membership_of(alice, acme).pk)


def test_fields_of_other_kinds_are_null(session, told):
    row = session.get(URL).json()["results"][0]
    others = set(row) - {"id", "kind", "sample", "actor", "created_at", "read_at"}
    assert all(row[name] is None for name in others)


def test_notification_is_marked_as_read_once(session, told):
    response = session.json("POST", f"{URL}{told[0]}/read/")
    assert response.status_code == 200
    assert response.json()["read_at"]
    again = session.json("POST", f"{URL}{told[0]}/read/")
    assert (again.status_code, again.json()) == (200, response.json())
    assert session.get(f"{URL}{told[1]}/").json()["read_at"] is None


def test_all_own_notifications_are_marked_as_read(acme, alice, session, told, subject, inbox):
    with tenant_context(acme):
        member = membership_of(alice, acme)
        Notification.objects.create(member=member, kind="sample", subject_id=subject.pk, cause="x")
    assert [session.json("POST", f"{URL}read/").json() for _ in range(2)] == [{"read": 2}, {"read": 0}]
    assert all(row["read_at"] for row in session.get(URL).json()["results"])
    assert inbox(alice)[0]["read_at"] is None


def test_list_is_filtered_by_unread_and_kind(session, told):
    session.json("POST", f"{URL}{told[0]}/read/")
    assert ids(session, unread="true") == [told[1]]
    assert ids(session, unread="false") == [told[0]]
    assert ids(session, kind="sample") == told
    for query in ({"unread": "yes"}, {"kind": "x"}, {"member": str(uuid4())}):
        assert session.get(URL, query).status_code == 400


def test_notifications_of_another_member_do_not_exist(client, alice, told):
    session = client.as_(alice)  # the owner
    assert not set(told) & set(ids(session))
    for suffix, method in (("", "GET"), ("read/", "POST")):
        answers = [session.json(method, f"{URL}{pk}/{suffix}") for pk in (told[0], uuid4())]
        assert answers[0].status_code == 404
        assert answers[0].content == answers[1].content


def test_notifications_of_another_account_do_not_exist(client, acme, globex, mallory, charlie, told):
    for session in (client.as_(mallory), client.as_(charlie, at=globex)):
        assert session.get(URL).json()["results"] == []
        assert session.get(f"{URL}{told[0]}/").status_code == 404
        assert session.json("POST", f"{URL}{told[0]}/read/").status_code == 404
        session.json("POST", f"{URL}read/")
    with tenant_context(acme):
        assert not Notification.objects.exclude(read_at=None).exists()


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_notifications_cannot_be_written(session, told, method):
    url = URL if method == "POST" else f"{URL}{told[0]}/"
    assert session.json(method, url, {}).status_code == 405


def test_notifications_of_hidden_subject_are_hidden_until_it_is_visible(session, told, hide):
    hide()
    assert ids(session) == []
    assert session.get(f"{URL}{told[0]}/").status_code == 404
    assert session.json("POST", f"{URL}{told[0]}/read/").status_code == 404
    assert session.json("POST", f"{URL}read/").json() == {"read": 0}
    hide(False)
    assert session.get(URL).json()["results"][0]["read_at"] is None


def test_notifications_of_deleted_subject_are_hidden_and_deleted_daily(acme, session, told):
    with tenant_context(acme):
        Note.objects.all().delete()
    assert ids(session) == []
    assert session.get(f"{URL}{told[0]}/").status_code == 404
    with tenant_context(acme):
        assert Notification.objects.count() == 2
        remove_old(day="2026-11-21")
        assert not Notification.objects.exists()


def test_notifications_of_unknown_kind_are_hidden(acme, session, told):
    with tenant_context(acme):
        Notification.objects.update(kind="unknown")
    assert ids(session) == []


def test_read_notifications_are_deleted_after_ninety_days(acme, session, told):
    session.json("POST", f"{URL}{told[0]}/read/")
    with tenant_context(acme):
        Notification.objects.filter(pk=told[0]).update(read_at=timezone.now() - timedelta(days=91))
        Notification.objects.update(created_at=timezone.now() - timedelta(days=200))
        remove_old(day="2026-11-21")
    assert ids(session) == [told[1]]

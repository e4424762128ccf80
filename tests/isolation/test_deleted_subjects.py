"""Rows that refer to a subject without a foreign key: they are hidden as soon as the subject is deleted."""

import pytest

from accounts.actions.notification_emails import mail_notification
from accounts.jobs import remove_old
from accounts.models import Export, Notification
from projects.models import Project
from tasks.models import Comment, Task
from tenancy.context import tenant_context

URL, EXPORTS = "/api/v1/notifications/", "/api/v1/exports/"


@pytest.fixture
def deleted(ours):
    """Return the notification of a deleted comment."""
    with tenant_context(ours.tenant):
        Comment.objects.filter(pk=ours.comment.pk).delete()
    return ours.notification


def test_api_hides_notifications_of_deleted_subject(client, alice, ours, deleted):
    session = client.as_(alice)
    assert session.get(URL).json()["results"] == []
    assert session.get(f"{URL}{deleted.pk}/").status_code == 404
    assert session.json("POST", f"{URL}{deleted.pk}/read/").status_code == 404
    assert session.json("POST", f"{URL}read/").json() == {"read": 0}


def test_pages_hide_notifications_of_deleted_subject(client, alice, ours, deleted):
    browser = client.as_(alice)
    assert f"notification-{deleted.pk}" not in browser.get("/inbox/").content.decode()
    assert browser.post(f"/inbox/{deleted.pk}/read/").status_code == 404


def test_no_email_is_sent_for_deleted_subject(ours, deleted, mailoutbox):
    with tenant_context(ours.tenant):
        assert not mail_notification(notification_id=deleted.pk)
    assert mailoutbox == []


def test_api_hides_exports_of_deleted_subject(client, alice, ours):
    with tenant_context(ours.tenant):
        Export.objects.update(state="ready")
        Task.objects.all().delete()
        Project.objects.filter(pk=ours.project.pk).delete()
    session = client.as_(alice)
    assert session.get(EXPORTS).json()["results"] == []
    for suffix in ("", "download/"):
        assert session.get(f"{EXPORTS}{ours.export.pk}/{suffix}").status_code == 404


def test_daily_job_deletes_notifications_of_deleted_subjects(ours, theirs, deleted):
    for world in (ours, theirs):
        with tenant_context(world.tenant):
            remove_old(day="2026-11-21")
    with tenant_context(ours.tenant):
        assert not Notification.objects.exists()
    with tenant_context(theirs.tenant):
        assert Notification.objects.exists()

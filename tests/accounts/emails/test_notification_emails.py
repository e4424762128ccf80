"""Emails of notifications of any kind, and the daily digest: recipients, text, and that each comes once."""

from email import message_from_bytes, policy

import pytest
from django.core import mail
from django.utils import timezone

from accounts.jobs import mail_digest, mail_notification, send_digests
from accounts.models import Domain, Notification
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.models import Note

DAY = "2026-11-21"
HOSTILE = 'Bob\r\nBcc: eve@evil.example\u2028X: \u202egnp <script>alert(1)</script>"'


@pytest.fixture
def digest(acme, run_jobs, at):
    def digest(day=DAY):
        at(f"{day} 08:00")
        with tenant_context(acme):
            send_digests(day=day)
        run_jobs()

    return digest


def html_of(sent):
    return sent.alternatives[0].content


# A notification ------------------------------------------------------------------------------------------------------


def test_notified_member_gets_email(acme, notified, run_jobs, mailoutbox):
    told = notified()
    assert mailoutbox == []  # the web process sends none
    run_jobs()
    sent = mailoutbox[-1]
    assert (sent.to, sent.cc, sent.bcc) == (["charlie@example.com"], [], [])
    assert sent.subject == "“Alice” changed SAMPLE-1: Water the plants"
    for text in (sent.body, html_of(sent)):
        for words in ("http://acme.localhost:8000/inbox/", "Acme", "Water the plants", "A detail", "A quote"):
            assert words in text
        assert "http://acme.localhost:8000/inbox/#mails" in text
    assert "Open SAMPLE-1" in html_of(sent)
    assert sent.extra_headers["Message-ID"] == f"<notification-{told.pk}@localhost>"
    assert sent.extra_headers["References"] == f"<sample-{told.subject_id}@localhost>"
    assert sent.extra_headers["List-Unsubscribe"] == "<http://acme.localhost:8000/inbox/#mails>"
    assert sent.from_email == "Commonhold <noreply@localhost>"
    with tenant_context(acme):
        assert Notification.objects.get().mailed_at


def notification_mails(mailoutbox):
    return [sent for sent in mailoutbox if "SAMPLE-1" in sent.subject]


def test_links_lead_to_stored_domain_of_account(acme, notified, run_jobs, mailoutbox):
    Domain.objects.create(tenant=acme, host="work.acme.example", is_primary=True)
    notified()
    run_jobs()
    assert "http://work.acme.example:8000/inbox/" in mailoutbox[-1].body


def test_email_is_sent_once(acme, notified, run_jobs, mailoutbox):
    told = notified()
    run_jobs()
    with tenant_context(acme):
        mail_notification(notification_id=str(told.pk))
    assert len(notification_mails(mailoutbox)) == 1


def test_failed_email_is_sent_again(acme, notified, mailoutbox, monkeypatch):
    told = notified()
    with tenant_context(acme):
        with monkeypatch.context() as patch:
            patch.setattr(mail.EmailMultiAlternatives, "send", lambda self: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                mail_notification(notification_id=str(told.pk))
        assert Notification.objects.get().mailed_at is None
        mail_notification(notification_id=str(told.pk))
    assert len(notification_mails(mailoutbox)) == 1


@pytest.mark.parametrize("what", ["left", "hidden", "switched off", "locked out", "deleted", "not wanted"])
def test_email_is_not_sent_when_reason_is_gone(acme, admin, notified, change, hide, run_jobs, mailoutbox, what):
    notified()
    match what:
        case "left":
            change(ended_at=timezone.now())
        case "hidden":
            hide()
        case "switched off":
            change(mail_notifications=False)
        case "locked out":
            admin.is_active = False
            admin.save()
        case "deleted" | "not wanted":
            with tenant_context(acme):
                rows = Note.objects.all()
                rows.delete() if what == "deleted" else rows.update(text="Not wanted")
    run_jobs()
    assert notification_mails(mailoutbox) == []


def test_member_without_emails_has_inbox(admin, notified, change, inbox, run_jobs, mailoutbox):
    change(mail_notifications=False)
    notified()
    assert "accounts.mail_notification" not in run_jobs()
    assert len(inbox(admin)) == 1
    assert notification_mails(mailoutbox) == []


def test_job_of_another_account_does_not_find_notification(globex, notified, mailoutbox):
    told = notified()
    with tenant_context(globex):
        mail_notification(notification_id=str(told.pk))
    assert notification_mails(mailoutbox) == []


def test_hostile_names_stay_text(acme, alice, notified, run_jobs, mailoutbox):
    alice.name = HOSTILE
    alice.save()
    acme.name = HOSTILE
    acme.save()
    notified()
    run_jobs()
    (sent,) = notification_mails(mailoutbox)
    read = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert (read["Bcc"], read["X"], read["To"]) == (None, None, "charlie@example.com")
    assert not {"\r", "\n", "\u2028", "\u202e"} & set(str(read["Subject"]))
    assert "<script" not in html_of(sent)


# The digest ----------------------------------------------------------------------------------------------------------


def test_digest_has_unread_notifications(notified, digest, run_jobs, mailoutbox):
    notified()
    run_jobs()
    mailoutbox.clear()
    digest()
    (sent,) = mailoutbox
    assert (sent.to, sent.subject) == (["charlie@example.com"], "Unread notification in “Acme”")
    assert "“Alice” changed SAMPLE-1: Water the plants" in sent.body
    assert "Water the plants" in html_of(sent)


def test_digest_has_sections_of_apps(notified, digest, run_jobs, sample_section, mailoutbox):
    notified()
    run_jobs()
    mailoutbox.clear()
    digest()
    (sent,) = [each for each in mailoutbox if each.to == ["charlie@example.com"]]
    assert sent.subject == "1 sample in “Acme”"
    for text in (sent.body, html_of(sent)):
        assert "Samples" in text
        assert "and 3 more" in text
        assert "Unread notifications" in text


def test_empty_digest_is_not_sent(subject, admin, digest, run_jobs, mailoutbox):
    run_jobs()
    mailoutbox.clear()
    digest()
    assert mailoutbox == []


def test_digest_is_sent_once_a_day(acme, admin, notified, digest, run_jobs, mailoutbox):
    notified()
    run_jobs()
    mailoutbox.clear()
    for day in (DAY, DAY, "2026-11-22", DAY):
        digest(day)
    assert len(mailoutbox) == 2
    with tenant_context(acme):
        mail_digest(member_id=str(membership_of(admin, acme).pk), day=DAY)
    run_jobs()
    assert len(mailoutbox) == 2


@pytest.mark.parametrize("what", ["left", "hidden", "switched off"])
def test_digest_is_not_sent_to_member_without_access(notified, change, hide, digest, run_jobs, mailoutbox, what):
    notified()
    run_jobs()
    mailoutbox.clear()
    match what:
        case "left":
            change(ended_at=timezone.now())
        case "hidden":
            hide()
        case "switched off":
            change(mail_digest=False)
    digest()
    assert mailoutbox == []

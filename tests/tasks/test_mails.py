"""Emails of notifications about tasks, reminders and digests: recipients, content, and no duplicates."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from accounts.jobs import send_digests
from accounts.models import Domain, Notification
from projects.models import Project
from tasks.jobs import remind_of_due_tasks
from tasks.models import Assignment, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

DAY = "2026-11-21"
HOSTILE = 'Bob\r\nBcc: eve@evil.example\u2028X: \u202egnp <script>alert(1)</script>"'


@pytest.fixture
def due(acme):
    """Set the due date of a task to so many days after DAY, or change other fields, without the actions."""

    def due(task, days=None, **fields):
        if days is not None:
            fields["due_date"] = date.fromisoformat(DAY) + timedelta(days=days)
        with tenant_context(acme):
            Task.objects.filter(pk=task.pk).update(**fields)

    return due


@pytest.fixture
def remind(acme, run_jobs):
    def remind(day=DAY):
        with tenant_context(acme):
            remind_of_due_tasks(day=day)
        run_jobs()

    return remind


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


# A notification ----------------------------------------------------------------------------------------------------


def test_assignee_gets_a_mail(acme, assign, run_jobs, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    assert mailoutbox == []  # not before the write is committed, and not by the web process
    assert run_jobs() == ["accounts.record_drafts", "accounts.mail_notification"]
    (sent,) = mailoutbox
    assert (sent.to, sent.cc, sent.bcc) == (["bob@example.com"], [], [])
    assert sent.subject == "“Alice” assigned you WEB-1: Write the welcome page"
    for text in (sent.body, html_of(sent)):
        assert "http://acme.localhost:8000/tasks/WEB-1/" in text
        assert "Acme" in text
        assert "Write the welcome page" in text
        assert "http://acme.localhost:8000/inbox/#mails" in text
    with tenant_context(acme):
        told = Notification.objects.get()
    assert told.mailed_at
    assert sent.extra_headers["Message-ID"] == f"<notification-{told.pk}@localhost>"
    assert sent.extra_headers["List-Unsubscribe"] == "<http://acme.localhost:8000/inbox/#mails>"
    assert sent.from_email == "Commonhold <noreply@localhost>"


def test_mail_of_a_mention_contains_the_comment(comment, run_jobs, alice, bob, task, mailoutbox):
    comment(alice, task, "Is this right, @Bob?")
    run_jobs()
    (sent,) = mailoutbox
    assert sent.subject == "“Alice” mentioned you in WEB-1: Write the welcome page"
    assert "Is this right, @Bob?" in sent.body
    assert "Is this right, @Bob?" in html_of(sent)


def test_links_lead_to_the_accounts_own_domain(client, acme, alice, bob, task, member_id, run_jobs, mailoutbox):
    Domain.objects.create(tenant=acme, host="work.acme.example", is_primary=True)
    body = {"assignees": [member_id(bob)]}
    session = client.at(acme).with_token(alice)
    session.defaults["HTTP_HOST"] = "work.acme.example"
    response = session.generic(
        "PATCH",
        f"/api/v1/tasks/{task.pk}/",
        f'{{"assignees": ["{body["assignees"][0]}"]}}',
        "application/json",
        headers={"X-Forwarded-Host": "evil.example"},
    )
    assert response.status_code == 200
    run_jobs()
    assert "http://work.acme.example:8000/tasks/WEB-1/" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].message().as_string()


def test_mail_about_hidden_task_is_not_sent(acme, assign, run_jobs, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    with tenant_context(acme):
        Project.objects.update(private=True)
    run_jobs()
    assert mailoutbox == []


def test_hostile_names_stay_text(acme, assign, comment, due, run_jobs, alice, bob, task, mailoutbox):
    alice.name = HOSTILE
    alice.save()
    acme.name = HOSTILE
    acme.save()
    due(task, title=HOSTILE * 3)
    comment(alice, task, f"@Bob {HOSTILE}")
    run_jobs()
    (sent,) = mailoutbox
    read = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert read["Bcc"] is None
    assert read["X"] is None
    assert read["To"] == "bob@example.com"
    assert len(str(read["Subject"])) <= 150
    assert not {"\r", "\n", "\u2028", "\u202e"} & set(str(read["Subject"]))
    html = html_of(sent)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<script>" in sent.body  # plain text is not escaped


# Reminders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "told"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_assignees_are_reminded_around_the_day(assign, due, remind, inbox, alice, bob, task, days, told):
    assign(alice, task, bob)
    due(task, days)
    remind()
    assert [row["kind"] for row in inbox(bob)] == ["due_soon", "assigned"][not told :]
    assert inbox(alice) == []


def test_reminder_is_sent_once_per_task_and_due_date(assign, due, remind, inbox, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    due(task, 1)
    for day in (DAY, DAY, "2026-11-22", "2026-11-23"):
        remind(day)
    reminders = [sent for sent in mailoutbox if sent.subject == "WEB-1 is due: Write the welcome page"]
    assert len(reminders) == 1
    assert "Sunday, November 22, 2026" in reminders[0].body
    due(task, 3)  # postponed: another due date causes another reminder
    remind("2026-11-23")
    assert [row["kind"] for row in inbox(bob)] == ["due_soon", "due_soon", "assigned"]


@pytest.mark.parametrize("what", ["completed", "archived", "project archived", "hidden", "left"])
def test_completed_archived_and_hidden_tasks_cause_no_reminder(
    acme, assign, change, due, remind, alice, bob, task, what
):
    assign(alice, task, bob)
    due(task, 0)
    match what:
        case "completed":
            due(task, completed_at=timezone.now())
        case "archived":
            due(task, archived_at=timezone.now())
        case "project archived" | "hidden":
            with tenant_context(acme):
                fields = {"private": True} if what == "hidden" else {"archived_at": timezone.now()}
                Project.objects.filter(pk=task.project_id).update(**fields)
        case "left":
            change(bob, ended_at=timezone.now())
    remind()
    with tenant_context(acme):
        assert not Notification.objects.filter(kind="due_soon").exists()


def test_a_reminder_that_waited_too_long_is_not_mailed(acme, assign, due, run_jobs, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    run_jobs()
    due(task, 0)
    with tenant_context(acme):
        remind_of_due_tasks(day=DAY)
    due(task, completed_at=timezone.now())
    run_jobs()
    assert len(mailoutbox) == 1


# The digest --------------------------------------------------------------------------------------------------------


def test_digest_has_open_tasks_by_date_and_unread_notifications(
    client, acme, assign, due, digest, run_jobs, alice, bob, project, task, member_id, mailoutbox
):
    assign(alice, task, bob)
    for title, days in (("Never due", None), ("Late", -3), ("Soon", 2)):
        body = {"project": project.pk, "title": title, "assignees": [member_id(bob)]}
        row = client.as_(alice).json("POST", "/api/v1/tasks/", body).json()
        with tenant_context(acme):
            due(Task.objects.get(pk=row["id"]), days)
    due(task, completed_at=timezone.now())
    run_jobs()
    mailoutbox.clear()
    digest()
    (sent,) = mailoutbox
    assert (sent.to, sent.subject) == (["bob@example.com"], "3 open tasks in “Acme”")
    lines = sent.body.split("\n")
    shown = [line for line in lines if line.startswith("WEB-")]
    assert shown == [
        "WEB-3 Late · overdue since November 18, 2026",
        "WEB-4 Soon · due on November 23, 2026",
        "WEB-2 Never due",
    ]
    assert "“Alice” assigned you WEB-1: Write the welcome page" in lines
    assert "http://acme.localhost:8000/tasks/WEB-3/" in lines
    assert "Late" in html_of(sent)


def test_unread_notification_alone_causes_a_digest(assign, due, digest, run_jobs, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    due(task, completed_at=timezone.now())
    run_jobs()
    mailoutbox.clear()
    digest()
    assert [sent.subject for sent in mailoutbox] == ["Unread notification in “Acme”"]
    assert "Your open tasks" not in mailoutbox[0].body


def test_long_digest_is_truncated_with_a_count(acme, alice, bob, task, digest, mailoutbox):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        row = {"project": task.project, "title": "x", "status": task.status, "rank": "a"}
        tasks = Task.objects.bulk_create(Task(number=number, **row) for number in range(2, 62))
        Assignment.objects.bulk_create(Assignment(task=each, member=member) for each in tasks)
    digest()
    (sent,) = mailoutbox
    assert sent.subject == "60 open tasks in “Acme”"
    assert "and 10 more" in sent.body
    assert "and 10 more" in html_of(sent)


def test_empty_digest_is_not_sent_to_members(digest, alice, bob, task, mailoutbox):
    digest()
    assert mailoutbox == []


def test_digest_has_no_hidden_task(acme, assign, digest, run_jobs, alice, bob, task, mailoutbox):
    assign(alice, task, bob)
    run_jobs()
    mailoutbox.clear()
    with tenant_context(acme):
        Project.objects.update(private=True)
    digest()
    assert mailoutbox == []

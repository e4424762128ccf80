"""The current date is the same on pages, in the API, in mails, in exports and in jobs: that of the account or user."""

import csv
import io
from datetime import date, time, timedelta
from html import unescape

import pytest

from accounts.actions.user_deletion import delete_user
from accounts.models import Account, AuditEntry, User
from tasks.actions.comments import create_comment
from tasks.actions.tasks import create_task
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.daily import for_each_tenant
from tenancy.outbox.models import OutboxJob
from tenancy.testing import membership_of

API = "/api/v1/"
CLOCKS = [
    # The zone, a time in UTC, the date there, and the time there as pages name it on hover.
    ("Pacific/Pago_Pago", "2026-11-30 10:30", "2026-11-29", "23:30 SST, Pacific/Pago_Pago"),  # UTC-11
    ("Pacific/Kiritimati", "2026-11-30 10:30", "2026-12-01", "00:30 +14, Pacific/Kiritimati"),  # UTC+14
    ("America/New_York", "2026-11-30 03:00", "2026-11-29", "22:00 EST, America/New_York"),  # an evening
    ("Europe/Vienna", "2026-03-28 23:30", "2026-03-29", "00:30 CET, Europe/Vienna"),  # the clock goes forward
    ("Europe/Vienna", "2026-03-29 22:30", "2026-03-30", "00:30 CEST, Europe/Vienna"),
    ("Europe/Vienna", "2026-10-25 22:30", "2026-10-25", "23:30 CET, Europe/Vienna"),  # it has gone back
]


@pytest.fixture
def clock(acme, bob, at):
    """Set the time zone of the account, or of bob alone, and the time in UTC."""

    def clock(zone, now, whose="account"):
        at(now)
        if whose == "account":
            Account.objects.filter(pk=acme.pk).update(time_zone=zone)
        else:
            Account.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
            User.objects.filter(pk=bob.pk).update(time_zone=zone)
        acme.refresh_from_db()

    return clock


@pytest.fixture
def due(acme, alice, bob, project, as_member):
    """Make bob's tasks WEB-1 to WEB-3, which are due on the day before one, on that day and on the day after it."""

    def due(today):
        for title, days in (("Before", -1), ("Then", 0), ("After", 1)):
            day = date.fromisoformat(today) + timedelta(days=days)
            people = [membership_of(bob, acme)]
            as_member(alice, create_task, project=project, title=title, due_date=day, assignees=people)

    return due


def text_of(response):
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize(
    ("whose", "zone", "now", "today", "shown"),
    [*(("account", *each) for each in CLOCKS), *(("user", *each) for each in CLOCKS[:2])],
)
def test_pages_api_mails_and_exports_have_the_same_date(
    client, clock, due, bob, project, page, run_jobs, mailoutbox, whose, zone, now, today, shown
):
    clock(zone, now, whose)
    due(today)
    browser = client.as_(bob)
    keys = {"late": ["WEB-1"], "today": ["WEB-2"], "soon": ["WEB-3", "WEB-2"], "never": []}
    for word, expected in keys.items():
        rows = browser.get(f"{API}tasks/", {"due": word}).json()["results"]
        assert [row["key"] for row in rows] == expected
    listed = text_of(browser.get("/projects/WEB/?view=list&due=late"))
    assert [key for key in ("WEB-1", "WEB-2", "WEB-3") if f"/tasks/{key}/" in listed] == ["WEB-1"]
    for url in ("/projects/WEB/", "/projects/WEB/?view=list", "/my-tasks/"):
        seen = text_of(browser.get(url))
        assert seen.count("overdue, was due") == seen.count("(1 day late)") == 1
        assert [seen.count(f">{word}</time>") for word in ("yesterday", "today", "tomorrow")] == [1, 1, 1]
    mine = page(browser.get("/my-tasks/")).text
    found = [mine.index(word) for word in ("Overdue", "Before", "Today", "Then", "After")]
    assert found == sorted(found)
    task = text_of(browser.get("/tasks/WEB-2/"))
    assert "overdue, was due" not in task
    assert f'{shown}">today</time>' in task  # when it was created
    assert_mail_has(today, run_jobs, mailoutbox)
    assert_export_has(today, shown[:5], browser, project, run_jobs)


def assert_mail_has(today, run_jobs, mailoutbox):
    run_jobs()
    mailoutbox.clear()
    for_each_tenant("accounts.send_digests", daily_at=time(0))
    run_jobs()
    (body,) = [mail.body for mail in mailoutbox if mail.to == ["bob@example.com"]]
    late = [line for line in body.splitlines() if "overdue since" in line]
    assert [line[:12] for line in late] == ["WEB-1 Before"]


def assert_export_has(today, clock, browser, project, run_jobs):
    export = browser.json("POST", f"{API}exports/", {"project": project.pk, "format": "csv"}).json()
    run_jobs()
    assert f"WEB-{today}.csv" in text_of(browser.get("/projects/WEB/export/"))
    answer = browser.get(f"{API}exports/{export['id']}/download/")
    assert f'filename="WEB-{today}.csv"' in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    row = list(csv.DictReader(io.StringIO(text, newline="")))[1]
    assert row["due_date"] == row["created_at"][:10] == today
    assert row["created_at"][11:16] == clock


@pytest.mark.parametrize(("zone", "now", "today", "shown"), CLOCKS)
def test_jobs_have_the_date_of_the_account(clock, acme, zone, now, today, shown):
    clock(zone, now)
    OutboxJob.objects.all().delete()
    for_each_tenant("tasks.remind_of_due_tasks", daily_at=time(0))
    assert [job.kwargs["day"] for job in OutboxJob.objects.all()] == [today]


@pytest.mark.parametrize("whose", ["account", "user"])
def test_tokens_have_the_time_zone_of_their_user(client, clock, due, acme, bob, whose):
    """A token is read by the view, after the middleware that reads a session."""
    clock("Pacific/Pago_Pago", "2026-11-30 10:30", whose)
    due("2026-11-29")
    token = client.as_(bob).json("POST", f"{API}tokens/", {"name": "Script"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    rows = client.at(acme).get(f"{API}tasks/", {"due": "today"}, headers=headers).json()["results"]
    assert [row["key"] for row in rows] == ["WEB-2"]


# Times ---------------------------------------------------------------------------------------------------------------


def test_every_time_on_a_page_is_in_the_zone_and_names_it(client, clock, acme, alice, task, as_member):
    clock("Pacific/Pago_Pago", "2026-11-30 10:30")
    browser = client.as_(alice)
    as_member(alice, create_comment, task=task, body="Hello")
    with tenant_context(acme):
        member = membership_of(alice, acme)
        Attachment.objects.create(task=task, name="a.txt", uploaded_by=member, state="ready", size=1)
        AuditEntry.objects.create(
            action="account.updated", actor=member, actor_email=member.user.email, object_id=member.pk
        )
    hover = "Sunday, November 29, 2026, 23:30 SST, Pacific/Pago_Pago"
    seen = text_of(browser.get("/tasks/WEB-1/"))
    assert f'datetime="2026-11-29T23:30:00-11:00" title="{hover}">today</time>' in seen  # the file
    assert f'title="{hover}">23:30</time>' in seen  # the comment
    assert f'title="{hover}">2026-11-29 23:30:00</time>' in text_of(browser.get("/settings/audit/"))


def test_the_deletion_of_an_account_is_on_the_owners_day(
    client, clock, acme, alice, run_jobs, mailoutbox, django_capture_on_commit_callbacks
):
    clock("Pacific/Pago_Pago", "2026-11-30 10:30")
    browser = client.as_(alice)
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post("/settings/danger/", {"name": "Acme"}).status_code == 302
    run_jobs()
    for text in (mailoutbox[-1].body, text_of(browser.get("/settings/danger/"))):
        assert "December 13, 2026" in text


def test_an_audit_log_begins_with_the_users_day(client, clock, acme, alice):
    clock("Pacific/Pago_Pago", "2026-11-30 10:30")
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Kiritimati")
    browser = client.as_(alice)
    with tenant_context(acme):
        AuditEntry.objects.create(action="account.updated", actor_email="x@example.com", object_id=acme.pk)
    assert "x@example.com" in text_of(browser.get("/settings/audit/?since=2026-12-01"))
    assert "x@example.com" not in text_of(browser.get("/settings/audit/?since=2026-12-02"))


# The choice ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["account", "public site"])
def test_a_user_chooses_a_time_zone_beside_the_log_in(client, acme, bob, host):
    if host == "account":
        browser = client.as_(bob)
    else:
        client.log_in(bob)
        browser = client
    assert '<option value="" selected>Time zone of each account</option>' in text_of(browser.get("/auth/"))
    answer = browser.post("/auth/time-zone/", {"time_zone": "Pacific/Pago_Pago"}, follow=True)
    assert "Your time zone was saved." in text_of(answer)
    assert '<option value="Pacific/Pago_Pago" selected>' in text_of(answer)
    bob.refresh_from_db()
    assert bob.time_zone == "Pacific/Pago_Pago"
    browser.post("/auth/time-zone/", {"time_zone": ""})
    bob.refresh_from_db()
    assert bob.time_zone is None


@pytest.mark.parametrize("name", ["Factory", "localtime", "posixrules", "Nowhere/City", "../etc/passwd", "UTC\x00"])
def test_pages_refuse_what_is_no_time_zone(client, acme, alice, name):
    browser = client.as_(alice)
    answer = browser.post("/auth/time-zone/", {"time_zone": name})
    assert (answer.status_code, "not one of the available choices" in answer.content.decode()) == (400, True)
    general = {"name": "Acme", "slug": "acme", "accent_hue": "", "variant": "standard", "media_access": "presigned"}
    assert browser.post("/settings/", {**general, "time_zone": name}).status_code == 400
    alice.refresh_from_db()
    acme.refresh_from_db()
    assert (alice.time_zone, acme.time_zone) == (None, "UTC")


def test_a_stored_name_that_cannot_be_chosen_is_not_offered(client, acme, alice):
    for name, offered in (("localtime", False), ("Etc/GMT+11", True)):
        Account.objects.filter(pk=acme.pk).update(time_zone=name)
        User.objects.filter(pk=alice.pk).update(time_zone=name)
        for url in ("/settings/", "/auth/"):
            assert (f'<option value="{name}"' in text_of(client.as_(alice).get(url))) is offered


def test_anonymous_clients_choose_no_time_zone(client, acme):
    assert client.at(acme).post("/auth/time-zone/", {"time_zone": "UTC"}).status_code == 302
    assert client.at(acme).get("/auth/time-zone/")["Location"].startswith("/auth/login/")


def test_a_deleted_user_leaves_no_time_zone(acme, bob):
    User.objects.filter(pk=bob.pk).update(time_zone="Europe/Vienna")
    bob.refresh_from_db()
    delete_user(user=bob)
    bob.refresh_from_db()
    assert bob.time_zone is None

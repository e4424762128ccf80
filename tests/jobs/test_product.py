"""The jobs of the product on a real worker: mails are sent once, and files arrive in S3."""

import json
import re
from email.header import decode_header, make_header

import pytest
from django.core.files.storage import default_storage

from accounts.actions.exports import request_export
from accounts.models import Notification
from tasks.actions.comments import create_comment
from tasks.actions.tasks import update_task
from tenancy.context import tenant_context
from tenancy.daily import for_each_tenant
from tenancy.outbox.models import OutboxJob
from tenancy.testing import membership_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_assignment_is_mailed_once(working, acme, alice, bob, task, outbox_is_empty):
    """`consolemail://` prints mails, here into the log of the worker."""
    with tenant_context(acme):
        update_task(task=task, actor=membership_of(alice, acme), assignees=[membership_of(bob, acme)])
        told = Notification.objects.get()
        jobs = OutboxJob.objects.filter(name="accounts.mail_notification")
        job, job_again = jobs.get(), jobs.values().get()
    working.wait_for(outbox_is_empty, "the mail")
    with tenant_context(acme):
        assert Notification.objects.get().mailed_at
    assert working.said().count(f"<notification-{told.pk}@localhost>") == 1
    assert "http://acme.localhost:8000/tasks/WEB-1/" in working.said()
    OutboxJob.objects.create(**{**job_again, "sent_at": None})  # enqueued again, although it was done
    working.wait_for(lambda: not OutboxJob.objects.filter(pk=job.pk).exists(), "the same job")
    assert working.said().count(f"<notification-{told.pk}@localhost>") == 1


def test_digests_are_made_for_each_account(working, acme, globex, alice, bob, mallory, task, outbox_is_empty):
    with tenant_context(acme):
        update_task(task=task, actor=membership_of(alice, acme), assignees=[membership_of(alice, acme)])
    for _ in range(2):
        for_each_tenant("accounts.send_digests", day="2026-11-21")
    working.wait_for(outbox_is_empty, "the digests")
    subjects = re.findall(r"^Subject: (.*)$", working.said(), re.MULTILINE)
    assert [str(make_header(decode_header(each))) for each in subjects] == ["1 open task in “Acme”"]


@pytest.mark.parametrize("job", ["tasks.remind_of_due_tasks", "accounts.remove_old", "accounts.remove_expired"])
def test_daily_jobs_get_the_date(working, acme, globex, job, outbox_is_empty):
    assert for_each_tenant(job, day="2026-11-21") == 2
    working.wait_for(outbox_is_empty, job)


def test_an_export_becomes_a_file(working, acme, alice, project, task, outbox_is_empty):
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        create_comment(task=task, actor=actor, body="Here it is.")
        export = request_export(actor=actor, kind="project", subject=project, format="json")
    working.wait_for(outbox_is_empty, "the export")
    with tenant_context(acme):
        export.refresh_from_db()
        assert (export.state, export.done, export.total) == ("ready", 1, 1)
        tree = json.loads(b"".join(default_storage.read(export.file).pieces))
    assert tree["tasks"][0]["comments"][0]["body"] == "Here it is."

"""Fault 5: a job that always fails stops, and operators can list it."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tests.jobs import samples

pytestmark = pytest.mark.django_db(transaction=True)


def deadletters(*arguments):
    output = StringIO()
    call_command("deadletters", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def dead(acme):
    with tenant_context(acme):
        result = samples.note_label.delay("one")
    jobs = OutboxJob.objects.filter(pk=result.id)
    # The relay of previous tests may still run and have sent it.
    jobs.update(sent_at=None, failed_at="2026-01-01T00:00Z", attempts=6, error="ValueError in note, line 7")
    return jobs.get()


def test_a_job_that_always_fails_becomes_a_dead_letter(working, acme, labels):
    with tenant_context(acme):
        samples.fail.delay("secret")
    dead = working.wait_for(lambda: OutboxJob.objects.dead().first(), "the dead letter")
    assert dead.attempts == 3
    assert dead.error.startswith("RuntimeError in fail, line ")
    assert labels(acme) == []
    listed = json.loads(deadletters("list", "--format", "json"))
    assert [(row["id"], row["tenant"], row["job"]) for row in listed] == [(str(dead.pk), "acme", "samples.fail")]
    assert "Quotes" not in str(listed)


def test_job_that_kills_its_worker_becomes_a_dead_letter(working, acme):
    with tenant_context(acme):
        samples.kill_always.delay()
    dead = working.wait_for(lambda: OutboxJob.objects.dead().first(), "the dead letter")
    assert dead.error == "its worker was killed each time"


def test_dead_letters_are_retried(working, acme, dead, labels, outbox_is_empty):
    assert deadletters("retry", str(dead.pk)) == "1 will be tried again.\n"
    working.wait_for(lambda: outbox_is_empty() and labels(acme) == ["one"], "the job")
    assert not OutboxJob.objects.exists()


def test_dead_letters_are_dropped(dead):
    assert deadletters("drop", "--all") == "1 dropped.\n"
    assert not OutboxJob.objects.exists()


def test_dead_letters_are_listed_by_tenant(dead, globex):
    assert str(dead.pk) in deadletters("list", "--tenant", "acme")
    assert deadletters("list", "--tenant", "globex") == ""
    with pytest.raises(CommandError, match="no tenant"):
        deadletters("list", "--tenant", "absent")


def test_jobs_that_are_not_dead_are_left_alone(acme):
    with tenant_context(acme):
        alive = samples.note_label.apply_async(("one",), countdown=3600)  # others have a worker
    for action in ("retry", "drop"):
        with pytest.raises(CommandError, match="no dead letters"):
            deadletters(action, alive.id)
    assert OutboxJob.objects.count() == 1


@pytest.mark.parametrize("arguments", [("retry",), ("drop", "--all", str(uuid4())), ("list", "--format", "xml")])
def test_wrong_arguments_are_a_usage_error(arguments):
    with pytest.raises(CommandError):
        deadletters(*arguments)

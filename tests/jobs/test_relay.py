"""The relay: sent jobs, metrics for Prometheus, and refused configurations."""

import os
import re
import socket
import subprocess
import sys
import threading
from uuid import UUID

import httpx
import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from config.services.server import wait_until
from tenancy.context import tenant_context
from tenancy.outbox import relaying, working
from tenancy.outbox.models import OutboxJob
from tests.isolation.live import ROOT
from tests.jobs import samples

CELERY = ["-m", "celery", "-A", "config.celery"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_relay_reports_the_age_of_waiting_jobs(jobs, acme):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tenant_context(acme):
        for _ in range(5):
            samples.note_label.delay("one")
    jobs.relay(METRICS_PORT=str(port), JOB_SECONDS="600")

    def metrics():
        try:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        except httpx.TransportError:
            return {}
        found = dict(re.findall(r"^(outbox_\S+) (\S+)$", text, re.MULTILINE))
        return found if found.get('outbox_jobs{state="sent"}') == "2.0" else {}

    found = jobs.wait_for(metrics, "the metrics")
    assert (found['outbox_jobs{state="waiting"}'], found['outbox_jobs{state="dead"}']) == ("3.0", "0.0")
    assert float(found['outbox_age_seconds{state="waiting"}']) > 0
    assert float(found['outbox_age_seconds{state="sent"}']) > 0
    assert str(acme.pk) not in str(found)


PROGRAMS = {
    "relay": ["manage.py", "relayoutbox"],
    "worker": [*CELERY, "worker"],
    "beat": [*CELERY, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", ""],
    "web": ["-m", "uvicorn", "config.asgi:application", "--port", "0"],
}


@pytest.mark.parametrize("arguments", PROGRAMS.values(), ids=PROGRAMS)
def test_programs_refuse_to_start_with_the_owners_connection(arguments):
    assert os.environ["DATABASE_OWNER_URL"]
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode != 0
    assert "the connection of the tables' owner" in ended.stdout + ended.stderr


@pytest.mark.parametrize("arguments", PROGRAMS.values(), ids=PROGRAMS)
def test_programs_end_with_an_error_while_the_database_is_unavailable(arguments):
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://placeholder@127.0.0.1:1/nothing",
        "DATABASE_OWNER_URL": "",
    }
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert ended.returncode not in (0, None)
    assert "OperationalError" in ended.stdout + ended.stderr


def test_a_job_that_cannot_be_sent_does_not_stop_the_others(acme):
    with tenant_context(acme):
        broken, _ = samples.note_label.delay("one"), samples.note_label.delay("two")
    OutboxJob.objects.filter(pk=broken.id).update(options={"shadow": {"__type__": "datetime", "__value__": "garbage"}})
    assert relaying.relay() == 1
    assert OutboxJob.objects.dead().get().error == "ValueError: it cannot be sent"
    current_app.control.purge()


def test_jobs_in_flight_of_a_tenant_are_limited(acme, globex, settings):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            for number in range(5):
                samples.note_label.delay(f"{number}")
    assert relaying.relay() == 2 * settings.JOBS_PER_TENANT
    assert relaying.relay() == 0
    sent = OutboxJob.objects.sent()
    assert (
        sent.filter(tenant_id=acme.pk).count() == sent.filter(tenant_id=globex.pk).count() == settings.JOBS_PER_TENANT
    )
    # The oldest ones, and the next one when one is done.
    assert {job.args[0] for job in sent} == {f"{number}" for number in range(settings.JOBS_PER_TENANT)}
    working.finish(sent.filter(tenant_id=acme.pk).first().pk)
    assert relaying.relay() == 1
    current_app.control.purge()


def test_worker_waits_for_the_commit_of_the_relay(at_once, acme, sql_waits):
    """The message is sent before the relay commits the state of the job."""
    with tenant_context(acme):
        job_id = UUID(samples.note_label.delay("one").id)
    sent, begun = threading.Event(), []

    def relay():
        with transaction.atomic():
            OutboxJob.objects.select_for_update().get()
            OutboxJob.objects.update(sent_at=timezone.now())
            sent.set()
            wait_until(sql_waits, 5)

    def work():
        sent.wait(5)
        begun.append(working.begin(job_id, name="samples.note", tenant_id=acme.pk))

    assert at_once(relay, work) == []
    assert begun[0].args == ["one"]


@pytest.fixture
def sql_waits():
    """Return whether a connection waits for a lock."""

    def waits():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

    return waits

"""The Celery application: the configuration of workers and beat. `celery -A config.celery worker`."""

import os
from typing import Any
from uuid import UUID

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, task_unknown, worker_init
from django.conf import settings
from django.db import close_old_connections

from config import product
from config.heartbeat import Heartbeat
from config.startup import explained

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery(product.SLUG)
with explained():
    app.config_from_object(settings.CELERY)
app.steps["consumer"].add(Heartbeat)
app.autodiscover_tasks(related_name="jobs")  # and in processes that are no workers: config.apps

# In code and not in a table: the schedule is part of a release. Every job here may be started twice.
EVERY_SOME_MINUTES = 300.0  # seconds; each tenant's job runs once a day, at its local time
MORNING_JOBS = {
    "accounts.remove_old": "03:00",
    "accounts.remove_expired": "03:00",
    "accounts.record_drafts": "03:00",
    "accounts.sweep_files": "03:00",
    "accounts.sweep_pictures": "03:00",
    "tasks.remind_of_due_tasks": "07:00",
    "accounts.send_digests": "08:00",
}
app.conf.beat_schedule = {
    **{
        name: {"task": "config.start_for_each_tenant", "schedule": EVERY_SOME_MINUTES, "args": [name, daily_at]}
        for name, daily_at in MORNING_JOBS.items()
    },
    "erasing": {"task": "accounts.erase_deleted", "schedule": crontab(minute="15")},
    "sessions": {"task": "accounts.remove_expired_sessions", "schedule": crontab(hour="3", minute="30")},
}


@worker_init.connect
@beat_init.connect
def refuse_unsafe_process(**_: Any) -> None:
    """Stop a worker with a privileged database role, as a web process does, and a worker that could not be checked.

    Celery logs exceptions of signal receivers and continues, so an exception in the check ends the process:
    also if the database is unavailable. The supervisor restarts it.
    """
    from tenancy.checks import refuse_unsafe_process

    try:
        refuse_unsafe_process()
    except Exception as error:
        raise SystemExit(f"Not started, {type(error).__name__}: {error}") from error


@task_unknown.connect
def bury_unknown_job(id: str, **_: Any) -> None:  # noqa: A002  # Celery's name
    """Make a dead letter of a job whose name no worker knows: otherwise it would be sent again forever."""
    from tenancy.outbox.working import bury

    bury(UUID(id), error="no worker knows it")
    close_old_connections()

"""The Celery application: how workers and beat are put together. `celery -A config.celery worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("commonhold")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")

# In code and not in a table: what runs when is part of a release. Every job here may be started twice.
app.conf.beat_schedule = {}


@worker_init.connect
@beat_init.connect
def refuse_unsafe_process(**_: Any) -> None:
    """Stop a worker whose connection could see all tenants, as a web process does."""
    from tenancy.checks import refuse_unsafe_process

    try:
        refuse_unsafe_process()
    except ImproperlyConfigured as error:  # Celery logs what its signals raise, and goes on
        raise SystemExit(str(error)) from error

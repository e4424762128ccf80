import math
import signal
import threading
import time
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as AnyDatabaseError
from django.db import close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError
from prometheus_client import Gauge, start_http_server
from redis.exceptions import RedisError

from tenancy.checks import refuse_unsafe_process
from tenancy.outbox import relaying, watching

logger = structlog.get_logger("tenancy.outbox")

# Pauses between polls. Idle begins one second after the last job.
BUSY_SECONDS, IDLE_SECONDS, TROUBLE_SECONDS, WATCH_SECONDS = 0.02, 0.2, 1.0, 5.0

AGE = Gauge("outbox_age_seconds", "How long the oldest job waits to be sent, or has been sent", ["state"])
JOBS = Gauge("outbox_jobs", "Jobs in the outbox", ["state"])


class Command(BaseCommand):
    help = "Send the jobs in the outbox to the broker, until SIGTERM. Run one process; a second one does no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe_process()
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if settings.METRICS_PORT:
            start_http_server(settings.METRICS_PORT, addr=settings.METRICS_ADDRESS)
        watched = sent = -math.inf
        while not stopping.is_set():
            try:
                if time.monotonic() - watched > WATCH_SECONDS:
                    show_metrics()
                    send_lost_again()
                    watched = time.monotonic()
                if relaying.relay():
                    sent = time.monotonic()
                pause = BUSY_SECONDS if time.monotonic() - sent < 1 else IDLE_SECONDS
            except (OperationalError, RedisError, AnyDatabaseError) as error:
                logger.warning("outbox_waits", error=type(error).__name__)
                pause = TROUBLE_SECONDS
            close_old_connections()
            stopping.wait(pause)


def show_metrics() -> None:
    backlog = watching.backlog()
    for state in ("waiting", "sent", "dead"):
        JOBS.labels(state).set(getattr(backlog, state))
    AGE.labels("waiting").set(backlog.waiting_age)
    AGE.labels("sent").set(backlog.sent_age)


def send_lost_again() -> None:
    """Send jobs again that were not done in time, and all of them if the broker has lost its data.

    The broker has lost its data if a key that never expires is missing.
    """
    with current_app.connection_for_write() as broker:
        client = broker.default_channel.client  # type: ignore[attr-defined]  # Redis
        broker_is_new = client.set(f"{settings.TENANCY['NAME']}:outbox", timezone.now().isoformat(), nx=True)
    late = timezone.now() - 2 * settings.JOB_TIME_LIMIT
    number = relaying.send_again(sent_before=None if broker_is_new else late)
    if number:
        logger.warning("jobs_sent_again", number=number, broker_is_new=bool(broker_is_new))

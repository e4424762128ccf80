import signal
import threading
import time
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError
from prometheus_client import Gauge, start_http_server
from redis.exceptions import RedisError

from tenancy import outbox
from tenancy.checks import refuse_unsafe_process

logger = structlog.get_logger("tenancy.outbox")

# How long to wait before looking again: a second after the last job it is as quiet as it gets.
BUSY_SECONDS, IDLE_SECONDS, TROUBLE_SECONDS, WATCH_SECONDS = 0.02, 0.2, 1.0, 5.0
MARK = "commonhold:outbox"  # a key in the broker that is gone when its data are

AGE = Gauge("outbox_age_seconds", "Age of the oldest job that is due and was not sent")
JOBS = Gauge("outbox_jobs", "Jobs in the outbox", ["state"])


class Command(BaseCommand):
    help = "Hand the jobs in the outbox to the broker, until SIGTERM. One such process is enough; two do no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            outbox.relay()
            return
        refuse_unsafe_process()
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if settings.METRICS_PORT:
            start_http_server(settings.METRICS_PORT, addr=settings.METRICS_ADDRESS)
        watched = sent = 0.0
        while not stopping.is_set():
            try:
                if time.monotonic() - watched > WATCH_SECONDS:
                    watch()
                    watched = time.monotonic()
                if outbox.relay():
                    sent = time.monotonic()
                pause = BUSY_SECONDS if time.monotonic() - sent < 1 else IDLE_SECONDS
            except (OperationalError, RedisError, DatabaseError) as error:
                logger.warning("outbox_waits", error=type(error).__name__)
                pause = TROUBLE_SECONDS
            close_old_connections()
            stopping.wait(pause)


def watch() -> None:
    """Have lost jobs sent again, and publish the metrics."""
    with current_app.connection_for_write() as broker:
        # A new mark: the broker has lost its data, and with them all that was sent.
        is_new = broker.default_channel.client.set(  # type: ignore[attr-defined]  # Redis
            MARK, timezone.now().isoformat(), nx=True
        )
    late = timezone.now() - 2 * settings.JOB_TIME_LIMIT
    lost = outbox.send_again(sent_before=None if is_new else late)
    if lost:
        logger.warning("jobs_sent_again", number=lost, broker_was_empty=bool(is_new))
    backlog = outbox.backlog()
    AGE.set(backlog.age)
    for state in ("waiting", "sent", "dead"):
        JOBS.labels(state).set(getattr(backlog, state))

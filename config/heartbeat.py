"""Heartbeat file of a worker for a supervisor: the worker touches it while it is connected and not stuck.

It runs in the event loop of the worker, which receives jobs, and pings the broker each time. While the worker
reconnects, Celery stops the step.
"""

from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

logger = structlog.get_logger("config.heartbeat")

SECONDS = 10.0  # between two touches; a worker whose file is a minute old is dead


class Heartbeat(bootsteps.StartStopStep):
    """Touches HEARTBEAT_FILE if it is set. A step of Celery's consumer."""

    requires = ("celery.worker.consumer.tasks:Tasks",)  # connected, and taking jobs

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.enabled = bool(settings.HEARTBEAT_FILE)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        self.beat()
        self._entry = parent.timer.call_repeatedly(SECONDS, self.beat)

    def stop(self, parent: Any) -> None:
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None

    def beat(self) -> None:
        """Touch the file if the broker answers within five seconds."""
        try:
            with Redis.from_url(
                str(settings.CELERY["broker_url"]), socket_connect_timeout=5, socket_timeout=5
            ) as broker:
                broker.ping()
        except RedisError as error:
            logger.warning("broker_unavailable", error=type(error).__name__)
        else:
            Path(settings.HEARTBEAT_FILE).touch()

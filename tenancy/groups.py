"""Announcements: messages to groups of the channel layer, one set of groups for each tenant, after a commit.

An announcement only says that there are new events. It contains no data: a receiver reads the database with its tenant
active. A lost, duplicated or late message is therefore harmless.
"""

import asyncio
import atexit
import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any, cast

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from tenancy import places
from tenancy.context import require_active_tenant

logger = structlog.get_logger("tenancy.groups")

MOST_WAITING = 10_000  # groups with unsent messages
SEND_SECONDS = 3.0
END_SECONDS = 2.0  # that the thread has at the end of the process


def group_name(name: str) -> str:
    """Return the name in the channel layer of the group `name` of the active tenant. Raises NoActiveTenant."""
    return f"tenant.{require_active_tenant().pk}.{name}"


def announce(name: str, message: Mapping[str, Any]) -> None:
    """Send `message`, which has a `type`, to the group `name` of the active tenant after the commit of the content.

    Once for each group and transaction: a later message replaces an earlier one, even if its savepoint is rolled back.
    Never raises or blocks. The message gets the name of the group as `group`.
    """
    group = group_name(name)
    announcement = Announcement(group, {**message, "group": group})
    for _savepoints, hook, _robust in cast(list[Any], places.connection().run_on_commit):
        # A callback that is still in the list is rolled back together with this one or not at all.
        earlier = getattr(hook, "__wrapped__", None)
        if isinstance(earlier, Announcement) and earlier.group == group:
            earlier.message = announcement.message
            return
    places.on_commit(announcement, robust=True)


class Announcement:
    """A message to a group, as a callback of `places.on_commit()`."""

    def __init__(self, group: str, message: dict[str, Any]) -> None:
        self.group, self.message = group, message

    def __call__(self) -> None:
        announcer.send(self.group, self.message)


class LoopWithoutThreads(asyncio.SelectorEventLoop):
    """An event loop that resolves host names in its own thread, which may block.

    asyncio uses additional threads for it. These cannot start at the end of the process, when the last announcements
    are sent: that raises RuntimeError.
    """

    async def getaddrinfo(self, *address: Any, **options: Any) -> Any:
        return socket.getaddrinfo(*address, **options)


class Announcer:
    """Sends announcements in a thread with one persistent connection to Redis.

    The caller does not wait: a request would take seconds without Redis, and code without an event loop (jobs,
    commands) would open a connection for each message. Unsent messages to the same group are merged, which limits
    the queue.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)  # a child process has no thread
        atexit.register(self.close)

    def _forget(self) -> None:
        self._waiting: dict[str, dict[str, Any]] = {}
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = self._ended = False

    def send(self, group: str, message: dict[str, Any]) -> None:
        """Queue `message`. It replaces an unsent one to the same group."""
        with self._condition:
            if group not in self._waiting and len(self._waiting) >= MOST_WAITING:
                logger.warning("announcement_dropped", group=group)
                return
            self._waiting[group] = message
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait at most `seconds` until the queue is empty, and return whether it is."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        """Send the queue within a short time, and end the thread. Called at the end of the process."""
        if self._thread is None:
            return
        deadline = time.monotonic() + END_SECONDS
        self.flush(END_SECONDS)
        with self._condition:
            self._ended = True
            self._condition.notify_all()
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        # One loop, because the layer has one connection for each loop.
        with asyncio.Runner(loop_factory=LoopWithoutThreads) as runner:
            while batch := self._next():
                runner.run(_send(batch))
                with self._condition:
                    self._busy = False
                    self._condition.notify_all()

    def _next(self) -> dict[str, dict[str, Any]]:
        """Wait for messages and return them; none at the end of the process."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._ended)
            batch, self._waiting = self._waiting, {}
            self._busy = bool(batch)
            return batch


async def _send(batch: Mapping[str, dict[str, Any]]) -> None:
    layer = get_channel_layer()
    for number, (group, message) in enumerate(batch.items()):
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await layer.group_send(group, message)
        except (RedisError, OSError) as error:  # a timeout is an OSError
            # The others would time out too. Receivers poll the database and get the events later.
            logger.warning("announcements_lost", number=len(batch) - number, error=str(error))
            return
        except Exception:  # the thread must survive: it sends all announcements of this process
            logger.exception("announcement_broken", group=group)


announcer = Announcer()

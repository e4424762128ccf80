"""Groups of the channel layer that belong to a tenant, and what they are told after a commit.

What goes through the layer says that something happened and never what: whoever hears it reads it from the database,
in the name of the tenant. So a message that is lost, doubled or late does no harm, and none has anybody's data in it.
"""

import asyncio
import atexit
import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from tenancy.context import require_active_tenant

logger = structlog.get_logger("tenancy.groups")

MOST_WAITING = 10_000  # groups that the thread has not told yet
SEND_SECONDS = 3.0
END_SECONDS = 2.0  # which a program that ends allows it


def group_name(name: str) -> str:
    """Return what the group `name` of the active tenant is called in the channel layer. Raises NoActiveTenant."""
    return f"tenant.{require_active_tenant().pk}.{name}"


def announce(name: str, message: Mapping[str, Any]) -> None:
    """Send `message`, which has a `type`, to the group `name` of the active tenant after the commit.

    Once for each group and transaction: a later message takes the place of an earlier one, also when a savepoint takes
    the later one back. Never fails, and never makes the caller wait. Whoever listens to several groups on one channel
    finds the name of this one as `group`.
    """
    group = group_name(name)
    announcement = Announcement(group, {**message, "group": group})
    for _savepoints, hook, _robust in transaction.get_connection().run_on_commit:
        # One that is still in the list is undone together with us or not at all.
        earlier = getattr(hook, "__wrapped__", None)
        if isinstance(earlier, Announcement) and earlier.group == group:
            earlier.message = announcement.message
            return
    transaction.on_commit(announcement, robust=True)


class Announcement:
    """What a group is told after the commit."""

    def __init__(self, group: str, message: dict[str, Any]) -> None:
        self.group, self.message = group, message

    def __call__(self) -> None:
        announcer.send(self.group, self.message)


class LoopWithoutThreads(asyncio.SelectorEventLoop):
    """An event loop that looks up host names itself: its thread is its own, where that keeps no other work waiting.

    asyncio does it in more threads. At the end of the process, when the last announcements are sent, none can be
    started or ended any more, and both raise RuntimeError.
    """

    async def getaddrinfo(self, *address: Any, **options: Any) -> Any:
        return socket.getaddrinfo(*address, **options)


class Announcer:
    """Sends from a thread of its own, over one connection to Redis that it keeps.

    A writer does not wait for it: without Redis a web request would take seconds, and in a job or a command, where no
    event loop runs, every single message would make a new connection. Messages to one group that wait together become
    one, so nothing grows without end.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)  # threads stay with the parent
        atexit.register(self.close)

    def _forget(self) -> None:
        self._waiting: dict[str, dict[str, Any]] = {}
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = self._ended = False

    def send(self, group: str, message: dict[str, Any]) -> None:
        """Have `message` sent soon, in place of another one to the same group that still waits."""
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
        """Wait until everything was sent, and say whether it was within `seconds`."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        """Send what waits, for a short time, and end the thread. At the end of the process."""
        if self._thread is None:
            return
        deadline = time.monotonic() + END_SECONDS
        self.flush(END_SECONDS)
        with self._condition:
            self._ended = True
            self._condition.notify_all()
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        # One loop, because the layer keeps its connection with the loop.
        with asyncio.Runner(loop_factory=LoopWithoutThreads) as runner:
            while batch := self._next():
                runner.run(_send(batch))
                with self._condition:
                    self._busy = False
                    self._condition.notify_all()

    def _next(self) -> dict[str, dict[str, Any]]:
        """Wait for messages and return them; nothing at the end."""
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
            # The others would wait just as long. Listeners find out by looking, a little later.
            logger.warning("announcements_lost", number=len(batch) - number, error=str(error))
            return
        except Exception:  # whatever it is: all announcements of this process depend on this thread
            logger.exception("announcement_broken", group=group)


announcer = Announcer()

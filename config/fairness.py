"""What one account's many requests must not cost the others: their turn."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from django.conf import settings

from config.bodies import has_files

TOO_MANY_REQUESTS = 429
UPLOADS = 4  # of one host at a time, each with a thread and some megabytes
FLOOD_SECONDS = 5.0  # after an answer that there are too many


class Queue:
    """The requests of one host: as many at a time as its share, and one by one while it sends too many."""

    def __init__(self, share: int) -> None:
        self.share, self.one_by_one = asyncio.Semaphore(share), asyncio.Semaphore(1)
        self.uploads = asyncio.Semaphore(UPLOADS)
        self.flooding_until = 0.0  # by the time of the event loop
        self.requests: set[object] = set()

    async def take(self, held: AsyncExitStack, *, is_upload: bool) -> None:
        """Wait for a turn, which is given back when `held` is closed."""
        if asyncio.get_running_loop().time() < self.flooding_until:
            await held.enter_async_context(self.one_by_one)
        await held.enter_async_context(self.uploads if is_upload else self.share)

    def note(self, status: int) -> None:
        """Take notice of an answer."""
        if status == TOO_MANY_REQUESTS:
            self.flooding_until = asyncio.get_running_loop().time() + FLOOD_SECONDS


class TakeTurns:
    """ASGI middleware: works on so many requests of one host at a time, and lets the others of that host wait.

    A process has few threads' worth of time and a pool of connections. Without turns, whoever sends the most requests
    has most of both. The share of a host is half of the pool, so that two floods leave nobody without a connection
    for long and one leaves half of them. Whoever is told that it is too much, 429, is heard one by one for a while: to
    refuse a request is work too.

    A request is counted until its answer begins: a slow download costs its own account no turn. Uploads wait
    for each other alone: while one arrives it holds no connection. The public host is not counted, since it is
    everybody's.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, settings.POOL_SIZE // 2)
        self.queues: dict[str, Queue] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        host = _host(scope) if scope["type"] == "http" else ""
        if not host or host == settings.BASE_DOMAIN:
            await self.application(scope, receive, send)
            return
        with self._queue(host) as queue:
            async with AsyncExitStack() as held:
                await queue.take(held, is_upload=has_files(scope))

                async def send_and_release(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        queue.note(message["status"])
                    await send(message)
                    await held.aclose()

                await self.application(scope, receive, send_and_release)

    @contextmanager
    def _queue(self, host: str) -> Iterator[Queue]:
        """Give the host's queue, and forget it with the last request of the host."""
        me = object()
        queue = self.queues.setdefault(host, Queue(self.share))
        queue.requests.add(me)
        try:
            yield queue
        finally:
            queue.requests.discard(me)
            if not queue.requests:
                self.queues.pop(host, None)


def _host(scope: Any) -> str:
    """Return the host name of a request as it was sent, in lower case and without port; "" without one."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1").lower().partition(":")[0].rstrip("."))
    return ""

"""What one account's many requests must not cost the others: their turn."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings


class TakeTurns:
    """ASGI middleware: works on so many requests of one host at a time, and lets the others of that host wait.

    A process has few threads' worth of time and a pool of connections. Without turns, whoever sends the most requests
    has most of both. The share of a host is half of the pool, so that two floods leave nobody without a connection
    for long and one leaves half of them.

    A request is counted until its answer begins: a slow download costs its own account no turn. The public host is not
    counted, since it is everybody's.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, settings.POOL_SIZE // 2)
        self.turns: dict[str, tuple[asyncio.Semaphore, set[object]]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        host = _host(scope) if scope["type"] == "http" else ""
        if not host or host == settings.BASE_DOMAIN:
            await self.application(scope, receive, send)
            return
        with self._queue(host) as turns:
            await turns.acquire()
            released = False

            def release() -> None:
                nonlocal released
                if not released:
                    released = True
                    turns.release()

            async def send_and_release(message: Any) -> None:
                await send(message)
                release()

            try:
                await self.application(scope, receive, send_and_release)
            finally:
                release()

    @contextmanager
    def _queue(self, host: str) -> Iterator[asyncio.Semaphore]:
        """Give the host's semaphore, and forget it with the last request of the host."""
        me = object()
        turns, waiting = self.turns.setdefault(host, (asyncio.Semaphore(self.share), set()))
        waiting.add(me)
        try:
            yield turns
        finally:
            waiting.discard(me)
            if not waiting:
                self.turns.pop(host, None)


def _host(scope: Any) -> str:
    """Return the host name of a request as it was sent, in lower case and without port; "" without one."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1").lower().partition(":")[0].rstrip("."))
    return ""

"""What one account's many requests must not cost the others: their turn."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import exp
from typing import Any

from django.conf import settings

MANY = 2.0  # requests at the same moment, on average over about so many seconds:
MEMORY_SECONDS = 2.0
GIVES_WAY_SECONDS = 0.5  # at most, for each request
FORGOTTEN_AFTER = 5 * MEMORY_SECONDS


@dataclass
class Host:
    """Who waits and works, and how many of them there were lately."""

    share: asyncio.Semaphore
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0
    average: float = 0.0
    changed_at: float = 0.0  # by the clock of the event loop

    def count(self, more: int) -> None:
        """Take notice of a request that comes or goes. What was before fades away."""
        now = asyncio.get_running_loop().time()
        kept = exp((self.changed_at - now) / MEMORY_SECONDS)
        self.average = self.average * kept + self.requests * (1 - kept)
        self.requests, self.changed_at = self.requests + more, now


class TakeTurns:
    """ASGI middleware: whoever sends many requests at the same moment gives way to the others.

    A process has one thread's worth of Python and a pool of connections. Without turns, whoever sends the most
    requests has most of both, and to refuse them, with 429, is work too. So the requests of one host have half of the
    pool at most. Where there are more than MANY at a time, by the average of the last seconds, they are worked on one
    by one, and each of them waits until nobody else is worked on: not for long, since it must not wait for ever. A
    host is alone, or sends one request after the other, or many for a moment as a browser does: it notices nothing.

    A request is counted from its last byte until its answer begins: a slow upload or download costs its own account
    no turn. The public host is not counted, since it is everybody's.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, settings.POOL_SIZE // 2)
        self.hosts: dict[str, Host] = {}  # the one that has been quiet for longest is the first
        self.ahead = 0  # requests being worked on, of hosts that do not send many
        self.nobody_ahead = asyncio.Event()
        self.nobody_ahead.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = _host(scope) if scope["type"] == "http" else ""
        if not name or name == settings.BASE_DOMAIN:
            await self.application(scope, receive, send)
            return
        async with AsyncExitStack() as turn:
            waited = False

            async def receive_and_wait() -> Any:
                nonlocal waited
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body") and not waited:
                    waited = True
                    await self._take(name, turn)
                return message

            async def send_and_release(message: Any) -> None:
                await send(message)
                await turn.aclose()

            await self.application(scope, receive_and_wait, send_and_release)

    async def _take(self, name: str, turn: AsyncExitStack) -> None:
        """Wait for a turn, which is given back when `turn` is closed."""
        host = turn.enter_context(self._counted(name))
        if host.average > MANY:
            await turn.enter_async_context(host.one_by_one)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.nobody_ahead.wait(), GIVES_WAY_SECONDS)
        else:
            await turn.enter_async_context(host.share)
            turn.enter_context(self._go_ahead())

    @contextmanager
    def _counted(self, name: str) -> Iterator[Host]:
        """Give the host, as one with a request more. Forgets hosts that have been quiet."""
        host = self.hosts.pop(name, None) or Host(asyncio.Semaphore(self.share))
        self.hosts[name] = host
        host.count(1)
        try:
            yield host
        finally:
            host.count(-1)
            for other, each in list(self.hosts.items()):
                if each.requests or host.changed_at - each.changed_at < FORGOTTEN_AFTER:
                    break
                del self.hosts[other]

    @contextmanager
    def _go_ahead(self) -> Iterator[None]:
        """Be worked on, while those who send many wait."""
        self.ahead += 1
        self.nobody_ahead.clear()
        try:
            yield
        finally:
            self.ahead -= 1
            if not self.ahead:
                self.nobody_ahead.set()


def _host(scope: Any) -> str:
    """Return the host name of a request as it was sent, in lower case and without port; "" without one."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1").lower().partition(":")[0].rstrip("."))
    return ""

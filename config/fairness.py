"""What one account's many requests must not cost the others: their turn."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import exp
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakValueDictionary

from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tenancy.clients import address_of

MANY = 2.0  # requests at the same moment, on average over about so many seconds:
MEMORY_SECONDS = 2.0
GIVES_WAY_SECONDS = 0.5  # at most, for each request
FORGOTTEN_AFTER = 5 * MEMORY_SECONDS


@dataclass
class Sender:
    """A tenant, or a client address: who waits and works, and how many of them there were lately."""

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
    """ASGI middleware: a sender of many requests at the same moment gives way to the others.

    A process has one thread's worth of Python and a pool of connections. Without turns, a sender of many requests has
    most of both, and to refuse them, with 429, is work too. So the requests of one sender have half of the pool at
    most. Where there are more than MANY at a time, by the average of the last seconds, they are worked on one by one,
    and each of them waits until no other is worked on: not for long, since it must not wait for ever. A sender that is
    alone, or sends one request after the other, or many for a moment as a browser does, notices nothing.

    The sender is what the server knows, and not a name that the client chooses: the tenant, once it is known from
    host, path or token, and the client address for what belongs to none. Until then, the requests of an address are
    only kept to its half of the pool, since many tenants may have one address. `scope["turn"]` is a request's turn.

    A request is counted from its last byte until its answer begins: a slow upload or download costs its own account
    no turn.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, settings.POOL_SIZE // 2)
        self.senders: dict[str, Sender] = {}  # ordered by last use, the oldest first
        self.unresolved: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self.ahead = 0  # requests being worked on, of senders that do not send many
        self.none_ahead = asyncio.Event()
        self.none_ahead.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        turn = Turn(self, client_of(scope))

        async def receive_and_listen() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                turn.end()
            return message

        async def give_back_and_send(message: Any) -> None:
            turn.give_back()
            await send(message)

        try:
            await self.application({**scope, "turn": turn}, receive_and_listen, give_back_and_send)
        finally:
            turn.end()

    async def wait(self, key: str, held: ExitStack) -> None:
        """Wait for a turn of a sender, which is given back when `held` is closed."""
        sender = held.enter_context(self._counted(key))
        if sender.average > MANY:
            await _acquire(sender.one_by_one, held)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.none_ahead.wait(), GIVES_WAY_SECONDS)
        else:
            await _acquire(sender.share, held)
            held.enter_context(self._go_ahead())

    async def wait_before_resolution(self, client: str, held: ExitStack) -> None:
        """The same while nothing but the address is known."""
        await _acquire(self.unresolved.setdefault(client, asyncio.Semaphore(self.share)), held)

    @contextmanager
    def _counted(self, key: str) -> Iterator[Sender]:
        """Give the sender, as one with a request more. Forgets senders that have been quiet."""
        sender = self.senders.pop(key, None) or Sender(asyncio.Semaphore(self.share))
        self.senders[key] = sender
        sender.count(1)
        try:
            yield sender
        finally:
            sender.count(-1)
            for other, each in list(self.senders.items()):
                if each.requests or sender.changed_at - each.changed_at < FORGOTTEN_AFTER:
                    break
                del self.senders[other]

    @contextmanager
    def _go_ahead(self) -> Iterator[None]:
        """Be worked on, while those who send many wait."""
        self.ahead += 1
        self.none_ahead.clear()
        try:
            yield
        finally:
            self.ahead -= 1
            if not self.ahead:
                self.none_ahead.set()


class Turn:
    """The turn of one request: first that of its client address, then that of its tenant."""

    def __init__(self, turns: TakeTurns, client: str) -> None:
        self.client = client
        self._turns, self._loop = turns, asyncio.get_running_loop()
        self._key: str | None = None
        self._held = ExitStack()
        self._waiting: asyncio.Task[Any] | None = None
        self._is_over = False

    async def arrive(self) -> None:
        """Wait for a turn now that all of the request is there."""
        self.give_back()
        held = ExitStack()
        try:
            if self._key is None:
                await self._turns.wait_before_resolution(self.client, held)
            else:
                await self._turns.wait(self._key, held)
        except BaseException:
            held.close()
            raise
        self._held = held
        if self._is_over:
            self.give_back()

    async def take(self, key: str) -> None:
        """Wait for a turn of the sender `key`, instead of that of the address. Cancelled when the client goes away."""
        self._key, self._waiting = key, asyncio.current_task()
        try:
            if not self._is_over:
                await self.arrive()
        finally:
            self._waiting = None

    def take_in_thread(self, key: str) -> bool:
        """Do that in the thread of the request. Return False if the client has gone away meanwhile."""
        with suppress(CancelledError):
            asyncio.run_coroutine_threadsafe(self.take(key), self._loop).result()
        return not self._is_over

    def give_back(self) -> None:
        """Release the slot: the response begins, or the application waits for the client."""
        self._held.close()

    def end(self) -> None:
        """Give back the turn, and do not wait for it any longer: the request is over."""
        self._is_over = True
        self.give_back()
        if self._waiting is not None:
            self._waiting.cancel()


class TurnMiddleware:
    """Waits for the turn of the tenant, which TenantMiddleware has found, or of the address where there is none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        turn: Turn | None = getattr(request, "scope", {}).get("turn")
        if turn is not None:
            close_old_connections()  # a tenant that was not in the cache: who waits for a turn needs none
            tenant = getattr(request, "tenant", None)
            if not turn.take_in_thread(str(tenant.pk) if tenant else f"address {turn.client}"):
                return HttpResponse(status=204)  # there is no client any more
        return self.get_response(request)


def client_of(scope: Any) -> str:
    """Return the address of a client: what its proxy says where one is trusted, as for limits of log-ins."""
    peer = (scope.get("client") or ("",))[0]
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    meta = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})}
    return address_of(cast(HttpRequest, SimpleNamespace(META=meta, headers={}))) or peer


async def _acquire(lock: asyncio.Semaphore | asyncio.Lock, held: ExitStack) -> None:
    await lock.acquire()
    held.callback(lock.release)

"""Worker slots: many requests of one account must not delay other accounts."""

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

MANY = 2.0  # parallel requests, on average over about so many seconds:
MEMORY_SECONDS = 2.0
GIVES_WAY_SECONDS = 0.5  # at most, for each request
FORGOTTEN_AFTER = 5 * MEMORY_SECONDS


@dataclass
class Sender:
    """A tenant or a client address: its waiting and running requests, and their recent average."""

    share: asyncio.Semaphore
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0
    average: float = 0.0
    changed_at: float = 0.0  # by the clock of the event loop

    def count(self, more: int) -> None:
        """Update the moving average when a request begins or ends."""
        now = asyncio.get_running_loop().time()
        kept = exp((self.changed_at - now) / MEMORY_SECONDS)
        self.average = self.average * kept + self.requests * (1 - kept)
        self.requests, self.changed_at = self.requests + more, now


class TakeTurns:
    """ASGI middleware for fairness: a sender of many parallel requests yields to the others.

    A process runs Python code in one thread at a time and has a pool of connections. Without worker slots, a sender of
    many requests would use most of both, and a refusal with 429 costs work too. So the requests of one sender use at
    most half of the pool. Beyond MANY parallel requests, by the average of the last seconds, the requests of a sender
    run one at a time, and each waits for a limited time until no other sender has a running request. A single sender,
    sequential requests, and a short burst as of a browser are not delayed.

    A client cannot choose its sender: it is the tenant, once host, path or token have determined it, and otherwise
    the client address. Before the tenant is known, the requests of an address are only limited to half of the pool,
    since many tenants may have one address. `scope["turn"]` is the worker slot of a request.

    A request needs its slot from its last byte until its response begins: slow uploads and downloads need none.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, settings.POOL_SIZE // 2)
        self.senders: dict[str, Sender] = {}  # ordered by last use, the oldest first
        self.unresolved: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self.ahead = 0  # running requests of senders below the limit
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
        """Wait for a slot of a sender, which is released when `held` is closed."""
        sender = held.enter_context(self._counted(key))
        if sender.average > MANY:
            await _acquire(sender.one_by_one, held)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.none_ahead.wait(), GIVES_WAY_SECONDS)
        else:
            await _acquire(sender.share, held)
            held.enter_context(self._go_ahead())

    async def wait_before_resolution(self, client: str, held: ExitStack) -> None:
        """Wait for a slot of an address, before the tenant is known."""
        await _acquire(self.unresolved.setdefault(client, asyncio.Semaphore(self.share)), held)

    @contextmanager
    def _counted(self, key: str) -> Iterator[Sender]:
        """Return the sender with one more request. Removes idle senders."""
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
        """Run, while senders of many requests wait."""
        self.ahead += 1
        self.none_ahead.clear()
        try:
            yield
        finally:
            self.ahead -= 1
            if not self.ahead:
                self.none_ahead.set()


class Turn:
    """The worker slot of one request: first one of its client address, then one of its tenant."""

    def __init__(self, turns: TakeTurns, client: str) -> None:
        self.client = client
        self._turns, self._loop = turns, asyncio.get_running_loop()
        self._key: str | None = None
        self._held = ExitStack()
        self._waiting: asyncio.Task[Any] | None = None
        self._is_over = False

    async def arrive(self) -> None:
        """Wait for a slot after the whole request was received."""
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
        """Wait for a slot of the sender `key` instead of the address. Cancelled when the client disconnects."""
        self._key, self._waiting = key, asyncio.current_task()
        try:
            if not self._is_over:
                await self.arrive()
        finally:
            self._waiting = None

    def take_in_thread(self, key: str) -> bool:
        """Call `wait_for()` from the thread of the request. Return False if the client has disconnected meanwhile."""
        with suppress(CancelledError):
            asyncio.run_coroutine_threadsafe(self.take(key), self._loop).result()
        return not self._is_over

    def give_back(self) -> None:
        """Release the slot: the response begins, or the application waits for the client."""
        self._held.close()

    def end(self) -> None:
        """Release the slot, or stop waiting for it: the request has ended."""
        self._is_over = True
        self.give_back()
        if self._waiting is not None:
            self._waiting.cancel()


class TurnMiddleware:
    """Waits for a slot of the tenant that TenantMiddleware has found, or of the address without a tenant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        turn: Turn | None = getattr(request, "scope", {}).get("turn")
        if turn is not None:
            close_old_connections()  # of the look-up of an uncached tenant: a waiting request needs no connection
            tenant = getattr(request, "tenant", None)
            if not turn.take_in_thread(str(tenant.pk) if tenant else f"address {turn.client}"):
                return HttpResponse(status=204)  # the client has disconnected
        return self.get_response(request)


def client_of(scope: Any) -> str:
    """Return the client address, from the header of a trusted proxy if there is one, as for limits of log-ins."""
    peer = (scope.get("client") or ("",))[0]
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    meta = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})}
    return address_of(cast(HttpRequest, SimpleNamespace(META=meta, headers={}))) or peer


async def _acquire(lock: asyncio.Semaphore | asyncio.Lock, held: ExitStack) -> None:
    await lock.acquire()
    held.callback(lock.release)

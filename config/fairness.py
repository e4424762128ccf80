"""Worker slots: many requests of one account must not delay other accounts."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from math import exp
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakValueDictionary

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config.slots import Slots
from tenancy.clients import address_of

MANY = 2.0  # parallel requests, on average over about so many seconds:
MEMORY_SECONDS = 2.0
GIVES_WAY_SECONDS = 0.5  # at most, for each request
FORGOTTEN_AFTER = 5 * MEMORY_SECONDS


@dataclass
class Sender:
    """A tenant or a client address: its slots, and the recent average of its requests."""

    share: Slots
    one_by_one: Slots
    requests: int = 0
    average: float = 0.0
    changed_at: float = 0.0  # by the clock of the event loop

    def count(self, more: int, now: float) -> None:
        """Update the moving average when a request begins or ends."""
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

    A request needs its slot from its last byte until its response begins: slow uploads and downloads need none. After
    a disconnect it keeps the slot until its thread has ended.

    The thread of the request takes a free slot. Only the event loop waits for slots. One lock protects the state that
    threads and the event loop share.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.share = max(1, (settings.POOL_SIZE or 16) // 2)  # a quarter of config.application.THREADS
        self.lock = threading.RLock()
        self.senders: dict[str, Sender] = {}  # ordered by last use, the oldest first
        self.unresolved: WeakValueDictionary[str, Slots] = WeakValueDictionary()
        self.ahead = 0  # running requests of senders below the limit
        self.none_ahead = asyncio.Event()  # set in the event loop only
        self.none_ahead.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        turn = Turn(self, client_of(scope))

        async def receive_and_listen() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                turn.leave()
            return message

        async def give_back_and_send(message: Any) -> None:
            turn.give_back()
            await send(message)

        try:
            await self.application({**scope, "turn": turn}, receive_and_listen, give_back_and_send)
        finally:
            turn.end()

    def take_now(self, key: str, held: ExitStack, clock: Callable[[], float]) -> bool:
        """Take a slot of a sender until `held` is closed, if one is free. Return whether it is taken."""
        with self.lock, ExitStack() as taken:
            sender = taken.enter_context(self._counted(key, clock))
            if sender.average > MANY or not sender.share.take_now(taken):
                return False
            taken.enter_context(self._go_ahead())
            held.push(taken.pop_all())
            return True

    async def wait(self, key: str, held: ExitStack, clock: Callable[[], float]) -> None:
        """Wait for a slot of a sender, which is released when `held` is closed."""
        sender = held.enter_context(self._counted(key, clock))
        if sender.average > MANY:
            await sender.one_by_one.take(held)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.none_ahead.wait(), GIVES_WAY_SECONDS)
        else:
            await sender.share.take(held)
            held.enter_context(self._go_ahead())

    def slots_before_resolution(self, client: str) -> Slots:
        """Return the slots of an address for requests whose tenant is not known yet."""
        return self.unresolved.setdefault(client, self._slots(self.share))

    def _slots(self, number: int) -> Slots:
        return Slots(number, self.lock)

    @contextmanager
    def _counted(self, key: str, clock: Callable[[], float]) -> Iterator[Sender]:
        """Return the sender with one more request. Removes idle senders."""
        with self.lock:
            sender = self.senders.pop(key, None) or Sender(self._slots(self.share), self._slots(1))
            self.senders[key] = sender
            sender.count(1, clock())
        try:
            yield sender
        finally:
            with self.lock:
                sender.count(-1, clock())
                for other, each in list(self.senders.items()):
                    if each.requests or sender.changed_at - each.changed_at < FORGOTTEN_AFTER:
                        break
                    del self.senders[other]

    @contextmanager
    def _go_ahead(self) -> Iterator[None]:
        """Run, while senders of many requests wait."""
        with self.lock:
            self.ahead += 1
            self.none_ahead.clear()
        try:
            yield
        finally:
            with self.lock:
                self.ahead -= 1
                if not self.ahead:
                    self.none_ahead.set()


class Turn:
    """The worker slot of one request: first one of its client address, then one of its tenant."""

    def __init__(self, turns: TakeTurns, client: str) -> None:
        self.client = client
        self.is_over = False  # the client has disconnected, or the request has ended
        self._turns, self._clock = turns, asyncio.get_running_loop().time
        self._key: str | None = None
        self._held = ExitStack()
        self._waiting: asyncio.Task[ExitStack] | None = None

    # In the thread of the request ------------------------------------------------------------------------------------

    def take_now(self, key: str) -> bool:
        """Take a slot of the sender `key` instead of the address. Return False if the event loop must wait for one.

        Return True also if the event loop has waited for it.
        """
        with self._turns.lock:
            if self._key is not None:
                return self._key == key
            held = ExitStack()
            if self.is_over or not self._turns.take_now(key, held, self._clock):
                return False
            self._held.close()
            self._key, self._held = key, held
            return True

    # In the event loop -----------------------------------------------------------------------------------------------

    async def take(self, key: str) -> bool:
        """Wait for a slot of the sender `key` instead of the address. Return False if the client disconnects."""
        self._key = key
        return await self.arrive()

    async def arrive(self) -> bool:
        """Wait for a slot after the whole request was received. Return False if the client disconnects."""
        self.give_back()
        of_address = self._turns.slots_before_resolution(self.client) if self._key is None else None
        if not self.is_over and not (of_address and of_address.take_now(self._held)):
            self._waiting = asyncio.create_task(self._wait(of_address))
            try:
                await asyncio.wait({self._waiting})
            finally:
                self._waiting.cancel()
                await asyncio.wait({self._waiting})
                if not self._waiting.cancelled():
                    self._held = self._waiting.result()
                self._waiting = None
        return not self.is_over

    async def _wait(self, of_address: Slots | None) -> ExitStack:
        with ExitStack() as held:
            if of_address:
                await of_address.take(held)
            elif self._key is not None:
                await self._turns.wait(self._key, held, self._clock)
            return held.pop_all()

    def give_back(self) -> None:
        """Release the slot: the response begins, or the application waits for the client."""
        with self._turns.lock:
            held, self._held = self._held, ExitStack()
        held.close()

    def leave(self) -> None:
        """Stop waiting for a slot: the client has disconnected. A slot that is held is kept until `end()`."""
        self.is_over = True
        if self._waiting is not None:
            self._waiting.cancel()

    def end(self) -> None:
        """Release the slot, or stop waiting for it: the request has ended."""
        with self._turns.lock:
            self.leave()
            self.give_back()


class WaitForTurn(HttpResponse):
    """Tells the application to wait for a slot of the sender `key` and to begin the request again. It is not sent."""

    def __init__(self, key: str) -> None:
        super().__init__(status=204)
        self.key = key

    def close(self) -> None:
        self._resource_closers.clear()  # type: ignore[attr-defined]  # the body, which is read later
        super().close()


class TurnMiddleware:
    """Takes a slot of the tenant that TenantMiddleware has found, or of the address without a tenant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        turn: Turn | None = getattr(request, "scope", {}).get("turn")
        if turn is not None:
            if turn.is_over:
                return HttpResponse(status=204)  # the client has disconnected
            tenant = getattr(request, "tenant", None)
            key = str(tenant.pk) if tenant else f"address {turn.client}"
            if not turn.take_now(key):
                return WaitForTurn(key)
        return self.get_response(request)


def client_of(scope: Any) -> str:
    """Return the client address, from the header of a trusted proxy if there is one, as for limits of log-ins."""
    peer = (scope.get("client") or ("",))[0]
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    meta = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})}
    return address_of(cast(HttpRequest, SimpleNamespace(META=meta, headers={}))) or peer

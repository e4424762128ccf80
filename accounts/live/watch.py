"""The watch: every two seconds it closes sockets without permission, and finds missed events.

It checks all sockets of a tenant at once, so the number of queries does not grow with the number of sockets. It also
finds what the channel layer has lost, such as everything while Redis is down: a number that is higher than the feed's.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError

from accounts.extensions import topics
from accounts.live.close_codes import BROKEN, UNAVAILABLE
from accounts.live.events import Key
from accounts.live.feeds import Subscription
from accounts.live.visitors import Visitor, look_again, open_sockets
from tenancy.context import no_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.sockets import PATIENT_THREADS, WATCH_THREADS, Closed, in_thread

logger = structlog.get_logger("accounts.live.watch")

EVERY = 2.0  # seconds; a member who loses access loses the socket within five
BLIND_SECONDS = 15.0  # that sockets stay open while the database is unavailable


class WatchedSocket(Protocol):
    """What the watch needs of a socket."""

    tenant: AbstractTenant
    visitor: Visitor
    subscriptions: dict[Key, Subscription]

    def lose(self, key: Key) -> None:
        """End the subscription of a row that the member may not follow any more."""

    def look_at_the_clock(self, now: float) -> None:
        """End a socket that is old, or whose client does not read. `now` is the time of the event loop."""

    def end(self, code: int, reason: str) -> None:
        """Close the socket."""


type Followed = tuple[UUID, Key]  # a member, and what they follow


@dataclass(frozen=True)
class Findings:
    """What is to be done about the sockets of one tenant."""

    gone: dict[Visitor, Closed]
    hidden: set[Followed]
    numbers: dict[Key, int]  # of the last event


def look(tenant: AbstractTenant, visitors: Collection[Visitor], followed: Collection[Followed]) -> Findings:
    """Ask the database about all of `visitors`, and about all that is `followed`."""
    with tenant_context(tenant):
        gone, members = look_again(visitors)
        pairs: dict[str, set[tuple[UUID, UUID]]] = defaultdict(set)
        for member, key in followed:
            pairs[key.topic].add((member, key.id))
        hidden: set[Followed] = set()
        numbers: dict[Key, int] = {}
        for name, of_topic in pairs.items():
            topic = topics[name]
            rows = topic.model.objects.filter(pk__in={row for _, row in of_topic})
            found = dict(rows.values_list("pk", "last_activity_seq"))
            there = {pair for pair in of_topic if pair[1] in found}
            lost = (of_topic - there) | topic.hidden(members, there)
            hidden |= {(member, Key(name, row)) for member, row in lost}
            numbers |= {Key(name, row): seq for row, seq in found.items()}
        return Findings(gone, hidden, numbers)


class Watch:
    """The sockets of this process."""

    def __init__(self) -> None:
        self._sockets: dict[AbstractTenant, set[WatchedSocket]] = defaultdict(set)
        self._looked: dict[AbstractTenant, float] = {}  # when, by the time of the event loop
        self._looking: dict[AbstractTenant, asyncio.Task[None]] = {}
        self._running: asyncio.Task[None] | None = None
        self._publishing: asyncio.Future[None] | None = None

    def enter(self, socket: WatchedSocket) -> None:
        """Watch `socket` until `leave()`."""
        self._sockets[socket.tenant].add(socket)
        if self._running is None:
            self._running = asyncio.create_task(self._watch())

    def leave(self, socket: WatchedSocket) -> None:
        """Stop what `enter()` began."""
        self._sockets[socket.tenant].discard(socket)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                self._look_at_the_clock()
                with no_tenant():  # the first socket has started this task, in the context of its tenant
                    self._begin_looks()
            except Exception:  # all sockets of this process depend on this task
                logger.exception("watch_broken")

    def _begin_looks(self) -> None:
        """Begin a look at each tenant and wait for none: one that hangs delays no other, and is not begun twice."""
        if self._publishing is None or self._publishing.done():  # not awaited: Redis may hang
            self._publishing = asyncio.ensure_future(in_thread(open_sockets.publish, PATIENT_THREADS)())
        for tenant in list(self._sockets):
            if (last := self._looking.get(tenant)) is None or last.done():
                self._looking[tenant] = asyncio.create_task(self._look_at(tenant))

    def _look_at_the_clock(self) -> None:
        now = asyncio.get_running_loop().time()
        for sockets in self._sockets.values():
            for socket in sockets:
                socket.look_at_the_clock(now)

    async def _look_at(self, tenant: AbstractTenant) -> None:
        sockets = list(self._sockets[tenant])
        visitors = {socket.visitor for socket in sockets}
        followed = {(socket.visitor.member_id, key) for socket in sockets for key in socket.subscriptions}
        now = asyncio.get_running_loop().time()
        try:
            found = await in_thread(look, WATCH_THREADS, share_of=tenant.pk)(tenant, visitors, followed)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("watch_unavailable", error=str(error))
            if now - self._looked.setdefault(tenant, now) > BLIND_SECONDS:
                _end_all(sockets, *UNAVAILABLE)
            return
        except Exception:  # the sockets that cannot be checked are closed, and those of other tenants are checked
            logger.exception("watch_broken")
            _end_all(sockets, *BROKEN)
            return
        self._looked[tenant] = now
        for socket in sockets:
            if reason := found.gone.get(socket.visitor):
                socket.end(reason.code, reason.reason)
            else:
                _tell(socket, found)
        if not self._sockets[tenant]:
            del self._sockets[tenant], self._looked[tenant], self._looking[tenant]


def _end_all(sockets: Collection[WatchedSocket], code: int, reason: str) -> None:
    for socket in sockets:
        socket.end(code, reason)


def _tell(socket: WatchedSocket, found: Findings) -> None:
    for key, subscription in list(socket.subscriptions.items()):
        if (socket.visitor.member_id, key) in found.hidden:
            socket.lose(key)
        elif key in found.numbers:
            subscription.feed.hear(found.numbers[key])


watch = Watch()

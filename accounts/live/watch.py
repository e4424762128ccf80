"""Every two seconds: may the sockets of this process still be open, and has any of them missed something?

It asks for all sockets of a tenant at once, so the number of queries does not grow with theirs. What the channel layer
has lost, such as everything while Redis is gone, is found here too: a project's number that nobody has heard of.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError

from accounts.live.visitors import Visitor, look_again, open_sockets
from accounts.models import Membership
from accounts.permissions import may
from projects.models import Project, ProjectMember
from tenancy.context import no_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.sockets import PATIENT_THREADS, TRY_AGAIN_LATER, WATCH_THREADS, Closed, in_thread

UNAVAILABLE, BROKEN = (TRY_AGAIN_LATER, "unavailable"), (1011, "server_error")

if TYPE_CHECKING:
    from accounts.live.consumer import ProjectConsumer

logger = structlog.get_logger("accounts.live.watch")

EVERY = 2.0  # seconds; whoever loses access has lost the socket within five
BLIND_SECONDS = 15.0  # that sockets stay open although nobody can tell whether they may


@dataclass(frozen=True)
class Findings:
    """What is to be done about the sockets of one tenant."""

    gone: dict[Visitor, Closed]
    hidden: set[tuple[UUID, UUID]]  # member and project
    numbers: dict[UUID, int]  # of the last event of each project


def look(tenant: AbstractTenant, visitors: Collection[Visitor], followed: set[tuple[UUID, UUID]]) -> Findings:
    """Ask the database about everybody in `visitors`, and about all pairs of member and project in `followed`."""
    with tenant_context(tenant):
        gone, members = look_again(visitors)
        rows = Project.objects.filter(pk__in={project for _, project in followed})
        projects = {row[0]: row[1:] for row in rows.values_list("pk", "private", "last_activity_seq")}
        private = {pk for pk, (is_private, _) in projects.items() if is_private}
        links = set(ProjectMember.objects.filter(project__in=private).values_list("member_id", "project_id"))
        hidden = {
            (member, project)
            for member, project in followed
            if project not in projects
            or (project in private and (member, project) not in links and not _sees_all(members.get(member)))
        }
        return Findings(gone, hidden, {pk: seq for pk, (_, seq) in projects.items()})


def _sees_all(member: Membership | None) -> bool:
    return member is not None and may(member, "project.see_private")


class Watch:
    """The sockets of this process."""

    def __init__(self) -> None:
        self._sockets: dict[AbstractTenant, set[ProjectConsumer]] = defaultdict(set)
        self._looked: dict[AbstractTenant, float] = {}  # when, by the time of the event loop
        self._looking: dict[AbstractTenant, asyncio.Task[None]] = {}
        self._running: asyncio.Task[None] | None = None
        self._publishing: asyncio.Future[None] | None = None

    def enter(self, socket: "ProjectConsumer") -> None:
        """Watch `socket` until `leave()`."""
        self._sockets[socket.tenant].add(socket)
        if self._running is None:
            self._running = asyncio.create_task(self._watch())

    def leave(self, socket: "ProjectConsumer") -> None:
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
        followed = {(socket.visitor.member_id, project) for socket in sockets for project in socket.subscriptions}
        now = asyncio.get_running_loop().time()
        try:
            found = await in_thread(look, WATCH_THREADS, share_of=tenant.pk)(tenant, visitors, followed)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("watch_unavailable", error=str(error))
            if now - self._looked.setdefault(tenant, now) > BLIND_SECONDS:
                _end_all(sockets, *UNAVAILABLE)
            return
        except Exception:  # whatever it is: who cannot be looked at does not stay, and the others are looked at
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


def _end_all(sockets: Collection["ProjectConsumer"], code: int, reason: str) -> None:
    for socket in sockets:
        socket.end(code, reason)


def _tell(socket: "ProjectConsumer", found: Findings) -> None:
    for project, subscription in list(socket.subscriptions.items()):
        if (socket.visitor.member_id, project) in found.hidden:
            socket.lose(project)
        elif project in found.numbers:
            subscription.feed.hear(found.numbers[project])


watch = Watch()

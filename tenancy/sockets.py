"""The handshake of WebSockets: it checks host, Origin and credentials.

ASGI middleware around a consumer, which it calls with the tenant active and with `scope["tenant"]` and
`scope["visitor"]`, the result of `admit`. An unknown host and a foreign Origin are refused with 403. Other connections
are accepted and closed on failure, because browsers show scripts the reason of a close and not of a failed handshake.
Close codes are 4000 plus the status of the API.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, wraps
from io import BytesIO
from typing import Any
from weakref import WeakValueDictionary

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from tenancy.clients import address_of
from tenancy.context import get_active_tenant, no_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.routing import RedirectToPrimary, Refused, resolve

logger = structlog.get_logger("tenancy.sockets")

BEARER = "bearer."
PROTOCOL_ERROR, TRY_AGAIN_LATER = 1002, 1013
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
# Statuses of the resolvers that concern the address, not the client.
BAD_ADDRESS = {400, 404}

# Sockets are open for hours and use the database for milliseconds: a small pool of threads serves them all and closes
# its connections after each call. Calls that also use Redis have a separate pool, because they may wait for it. The
# watch has one too, because sockets must not delay it.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="sockets")
PATIENT_THREADS = ThreadPoolExecutor(4, thread_name_prefix="handshakes")
WATCH_THREADS = ThreadPoolExecutor(2, thread_name_prefix="watch")
SHARE = 2  # concurrent calls of one tenant in a pool, running or in its queue

_shares: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()


def in_thread[**P, R](
    function: Callable[P, R], executor: ThreadPoolExecutor = THREADS, *, share_of: Hashable = None
) -> Callable[P, Awaitable[R]]:
    """Return `function`, which uses the database, as an awaitable function. The tenant stays active in it.

    Fair scheduling: calls of the active tenant, or of `share_of` without one, have a share of the threads. Calls above
    the share wait outside the queue of the pool, so they do not delay calls of other tenants.
    """
    call = database_sync_to_async(function, thread_sensitive=False, executor=executor)
    tenant = get_active_tenant()
    key = (id(executor), share_of if tenant is None else tenant.pk)

    async def in_turn(*args: P.args, **kwargs: P.kwargs) -> R:
        share = _shares.setdefault(key, asyncio.Semaphore(SHARE))
        async with share:
            result: R = await call(*args, **kwargs)
            return result

    return in_turn


class HandshakeRefused(Exception):
    """The address or the Origin of the handshake is invalid."""


class Closed(Exception):
    """The socket is closed with `code` and `reason`: see docs/websocket.md."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


# Called in a thread with the tenant active, with the request of the handshake and its bearer token or None. Raises
# Closed for a client without access.
type Admit = Callable[[HttpRequest, str | None], Any]
# Called in the event loop with the tenant, once for each admitted visitor, when the socket is closed.
type Dismiss = Callable[[AbstractTenant], None]


@dataclass(frozen=True)
class TenantSockets:
    """ASGI middleware around `application`, for WebSockets at `path` with `subprotocol`.

    Threads are shared by client address until the tenant is known, and then by tenant.
    """

    application: Any
    path: str
    subprotocol: str
    admit: Admit
    dismiss: Dismiss

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request, token = _request(scope)
        try:
            find = in_thread(_or_closed(self._find), PATIENT_THREADS, share_of=address_of(request))
            tenant = await find(request, token)
            with tenant_context(tenant):
                if self.subprotocol not in scope["subprotocols"]:
                    raise Closed(PROTOCOL_ERROR, f"offer the subprotocol {self.subprotocol}")
                visitor = await self._admit(tenant, request, token)
        except HandshakeRefused:
            await send({"type": "websocket.close"})  # not accepted: 403
        except Closed as closed:
            offered = self.subprotocol in scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": self.subprotocol if offered else None})
            await send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
        else:
            with tenant_context(tenant):
                scope = {**scope, "tenant": tenant, "visitor": visitor, "subprotocol": self.subprotocol}
                try:
                    await self.application(scope, receive, send)
                finally:
                    self.dismiss(tenant)

    async def _admit(self, tenant: AbstractTenant, request: HttpRequest, token: str | None) -> Any:
        """Return the visitor. Raises Closed.

        A thread cannot be canceled: if the handshake is, the thread may still admit the visitor.
        """
        admission = asyncio.ensure_future(in_thread(_or_closed(self.admit), PATIENT_THREADS)(request, token))
        try:
            return await asyncio.shield(admission)
        except asyncio.CancelledError:
            admission.add_done_callback(partial(self._dismiss_if_admitted, tenant))
            raise

    def _dismiss_if_admitted(self, tenant: AbstractTenant, admission: "asyncio.Future[Any]") -> None:
        if not admission.cancelled() and admission.exception() is None:
            self.dismiss(tenant)

    def _find(self, request: HttpRequest, token: str | None) -> AbstractTenant:
        """Return the tenant. Raises HandshakeRefused, Closed."""
        _check_origin(request, token)  # first, so that a foreign page gets no information
        with no_tenant():
            tenant = _resolve(request)
        if tenant is None or request.path_info != self.path:
            raise HandshakeRefused
        return tenant


def _or_closed[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as one that raises Closed if the database is unavailable."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("socket_unavailable", error=str(error))
            raise Closed(TRY_AGAIN_LATER, "unavailable") from error

    return call


def _request(scope: Any) -> tuple[HttpRequest, str | None]:
    """Return the handshake as a request, for the resolvers, and its bearer token or None.

    Browsers cannot set headers of a WebSocket, so the token is only accepted as a subprotocol.
    """
    scheme = {"ws": "http", "wss": "https"}[scope["scheme"]]
    request = ASGIRequest({**scope, "method": "GET", "scheme": scheme}, BytesIO())
    token = next((text.removeprefix(BEARER) for text in scope["subprotocols"] if text.startswith(BEARER)), None)
    request.META.pop("HTTP_AUTHORIZATION", None)
    if token is not None:
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return request, token


def _check_origin(request: HttpRequest, token: str | None) -> None:
    """Raise HandshakeRefused for an Origin of another host, and for a session cookie without an Origin.

    This prevents cross-site WebSocket hijacking: browsers send cookies with the handshakes of all pages, also of
    another tenant's pages, which are same-site.
    """
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None:
        if token is None and settings.SESSION_COOKIE_NAME in request.COOKIES:
            raise HandshakeRefused
        return
    host = request.META.get("HTTP_HOST", "").lower()
    port = DEFAULT_PORTS[str(request.scheme)]
    if origin.removesuffix(port) != f"{request.scheme}://{host.removesuffix(port)}":
        raise HandshakeRefused


def _resolve(request: HttpRequest) -> AbstractTenant | None:
    """Return the tenant, None on the public host. Raises HandshakeRefused, Closed."""
    try:
        return resolve(request)
    except RedirectToPrimary as redirect:
        raise HandshakeRefused from redirect
    except Refused as refused:
        if refused.status in BAD_ADDRESS:
            raise HandshakeRefused from refused
        raise Closed(4000 + refused.status, refused.code) from refused

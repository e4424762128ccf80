"""The handshake of WebSockets: whose host, from which page, in whose name.

ASGI middleware around a consumer, which it calls with the tenant active and with `scope["tenant"]` and
`scope["visitor"]`, whatever `admit` made of the credentials. A host that is nobody's and a page that is somebody
else's get no WebSocket: 403. Everything else is accepted first and then closed, because browsers tell scripts why a
socket was closed and never why a handshake failed. Close codes are 4000 and the status that the API would answer.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from tenancy.context import no_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.routing import RedirectToPrimary, Refused, resolve

logger = structlog.get_logger("tenancy.sockets")

BEARER = "bearer."
PROTOCOL_ERROR, TRY_AGAIN_LATER = 1002, 1013
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
# Statuses of the resolvers that are about the address and not about who asks.
BAD_ADDRESS = {400, 404}

# Sockets live for hours and need the database for milliseconds: a few threads do that for all of them, and give their
# connections back after each call. What also asks Redis has threads of its own, where it may wait for one that hangs.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="sockets")
PATIENT_THREADS = ThreadPoolExecutor(4, thread_name_prefix="handshakes")


def in_thread[**P, R](function: Callable[P, R], executor: ThreadPoolExecutor = THREADS) -> Callable[P, Awaitable[R]]:
    """Return `function`, which uses the database, as one that can be awaited. The active tenant stays active in it."""
    return database_sync_to_async(function, thread_sensitive=False, executor=executor)  # type: ignore[no-any-return]


class HandshakeRefused(Exception):
    """There is no WebSocket for this page at this address."""


class Closed(Exception):
    """The socket is closed with `code` and `reason`, which docs/websocket.md lists."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


# Called in a thread with the tenant active, with the request of the handshake and its bearer token, or None. Raises
# Closed for somebody who has no business here.
type Admit = Callable[[HttpRequest, str | None], Any]


@dataclass(frozen=True)
class TenantSockets:
    """ASGI middleware around `application`, for WebSockets at `path` that speak `subprotocol`."""

    application: Any
    path: str
    subprotocol: str
    admit: Admit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            tenant, visitor = await in_thread(self._open, PATIENT_THREADS)(scope)
        except HandshakeRefused:
            await send({"type": "websocket.close"})  # before it is accepted: 403
        except Closed as closed:
            offered = self.subprotocol in scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": self.subprotocol if offered else None})
            await send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
        else:
            with tenant_context(tenant):
                scope = {**scope, "tenant": tenant, "visitor": visitor, "subprotocol": self.subprotocol}
                await self.application(scope, receive, send)

    def _open(self, scope: Any) -> tuple[AbstractTenant, Any]:
        """Return the tenant and the visitor. Raises HandshakeRefused, Closed."""
        request, token = _request(scope)
        _check_origin(request, token)  # first: somebody else's page learns nothing
        try:
            with no_tenant():
                tenant = _resolve(request)
            if tenant is None or request.path_info != self.path:
                raise HandshakeRefused
            if self.subprotocol not in scope["subprotocols"]:
                raise Closed(PROTOCOL_ERROR, f"offer the subprotocol {self.subprotocol}")
            with tenant_context(tenant):
                return tenant, self.admit(request, token)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("socket_unavailable", error=str(error))
            raise Closed(TRY_AGAIN_LATER, "unavailable") from error


def _request(scope: Any) -> tuple[HttpRequest, str | None]:
    """Return the handshake as a request, for the resolvers, and its bearer token if there is one.

    Browsers cannot set headers for a WebSocket, so the token is among the subprotocols, and only there.
    """
    scheme = {"ws": "http", "wss": "https"}[scope["scheme"]]
    request = ASGIRequest({**scope, "method": "GET", "scheme": scheme}, BytesIO())
    token = next((text.removeprefix(BEARER) for text in scope["subprotocols"] if text.startswith(BEARER)), None)
    request.META.pop("HTTP_AUTHORIZATION", None)
    if token is not None:
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return request, token


def _check_origin(request: HttpRequest, token: str | None) -> None:
    """Raise HandshakeRefused for a page of another host, and for a cookie that no page of ours has brought.

    The cookies of a browser come along with every handshake, whichever page asked for it: also a sibling tenant's,
    which is the same site. Nothing but this check stops that page.
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

"""The scheme by which a client came, where a proxy in front of the application knows it."""

from typing import Any

import structlog
from django.conf import settings

from config.health import PATHS

logger = structlog.get_logger("config.proxies")

# What a proxy says, and what ASGI calls that.
SCHEMES = {
    "http": {"http": "http", "https": "https"},
    "websocket": {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"},
}
TEXT = b"The proxy sets no X-Forwarded-Proto. Set it there to http or https, or unset TRUST_PROXY.\n"


class TrustProxy:
    """ASGI middleware: with TRUST_PROXY, a request has the scheme of `X-Forwarded-Proto`.

    In whichever case, and the first where there are several: each proxy adds the scheme by which it was reached, and
    the first of them was reached by the browser. A request without it, where PUBLIC_URL is https, is answered with
    400: a redirect to https would come back without it, again and again.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if settings.TRUST_PROXY and scope["type"] in SCHEMES:
            if scheme := SCHEMES[scope["type"]].get(_forwarded(scope)):
                scope = {**scope, "scheme": scheme}
            elif settings.HTTPS and scope["type"] == "http" and scope["path"] not in PATHS:
                logger.error("proxy_sets_no_x_forwarded_proto")
                await _explain(send)
                return
        await self.application(scope, receive, send)


def _forwarded(scope: Any) -> str:
    values = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-proto")
    return values.partition(b",")[0].strip().lower().decode("latin-1")


async def _explain(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(TEXT)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": TEXT})

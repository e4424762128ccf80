"""The scheme of a request behind a trusted proxy."""

from typing import Any

import structlog
from django.conf import settings

from config.health import PATHS

logger = structlog.get_logger("config.proxies")

# The scheme in the header, and the scheme in ASGI.
SCHEMES = {
    "http": {"http": "http", "https": "https"},
    "websocket": {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"},
}
TEXT = b"The proxy sets no X-Forwarded-Proto. Set it there to http or https, or unset TRUST_PROXY.\n"


class TrustProxy:
    """ASGI middleware: with TRUST_PROXY, a request has the scheme of `X-Forwarded-Proto`.

    The case is ignored, and the first of several values counts: each proxy appends the scheme of its request, and the
    browser's proxy is the first. If PUBLIC_URL is https, a request without the header is answered with 400, because
    a redirect to https would cause an endless loop.
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

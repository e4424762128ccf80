"""Isolation of the context variables of requests on one connection."""

import asyncio
from contextvars import Context
from typing import Any


class OwnContext:
    """ASGI middleware, the outermost one: every request and socket begins with an empty context.

    Code that reads a body makes the server listen to the connection again, and asyncio handles later data in the
    context of the reader. The next request of the connection would inherit that context, with the tenant of the last
    request.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.create_task(self.application(scope, receive, send), context=Context())

"""What a request must not find: the context of another one."""

import asyncio
from contextvars import Context
from typing import Any


class OwnContext:
    """ASGI middleware, the outermost one: every request and socket begins with nothing in its context.

    Code that reads a body makes the server listen to the connection again, and asyncio handles what comes in from then
    on in the context of the reader. The next request of the connection would begin with what was in there: the tenant
    of the last one, and a thread of it that has ended, in which its own view could not be called.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.create_task(self.application(scope, receive, send), context=Context())

"""The return of database connections after clients have disconnected."""

import asyncio
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import close_old_connections


class ReturnConnections:
    """ASGI middleware around Django: returns a request's connections when its thread has ended its work.

    Django sends `request_finished`, which returns them, as soon as the client disconnects, while the view may still
    run in the request's thread and only then request one. The pool never gets that connection back. After a few such
    requests every later request times out with 503.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Django joins this context instead of creating one, so one thread serves the request and then this code.
        async with ThreadSensitiveContext():
            try:
                # A task has its own context. asgiref leaves the thread's in it, and what is called there would
                # overtake the view.
                await asyncio.create_task(self.application(scope, receive, send))
            finally:
                await sync_to_async(close_old_connections)()

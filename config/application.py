"""Django as an ASGI application, with one hop between the event loop and a thread for each request."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http.response import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

from config.bodies import ArrivingBody, Places, WholeBody, receive_all, streams_body
from config.errors import refuse_body
from config.fairness import Turn, WaitForTurn
from config.health import LIVES, SERVES, alive

type Body = WholeBody | ArrivingBody

# Two for each connection to the database, because some threads wait for storage or Redis.
THREADS = 2 * (settings.POOL_SIZE or 16)


class Application(ASGIHandler):
    """Django, for requests with a received body, or with a view that streams it.

    A request runs in a thread of a fixed pool, as under WSGI: signals, middleware, view and `close()`, one after the
    other. Then the response is complete, the request has ended for Django, and its connections have returned to their
    pool, before the client reads anything. A thread cannot be canceled, so the work of a request whose client
    disconnects continues to its end.

    No thread of the pool waits for a client or for a worker slot. A view that streams its body has a separate thread,
    and so has a streamed response, whose connections return after each chunk. `/healthz` needs no thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._places = Places()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="requests")
        self._probe = ThreadPoolExecutor(1, thread_name_prefix="readiness")  # must not wait for requests

    def load_middleware(self, is_async: bool = False) -> None:
        # No view is async. Async-capable middleware would call a thread for each of its steps.
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        turn: Turn = scope["turn"]
        if streams_body(scope):
            arriving = ArrivingBody(receive, turn=turn, places=self._places)
            thread = ThreadPoolExecutor(1, thread_name_prefix="upload")
            try:
                await self._answer(scope, arriving, send, thread)
            finally:
                thread.shutdown(wait=False)
                await arriving.give_up_place()
            return
        body = await receive_all(scope, receive, turn.client, self._places)
        if body is not None and scope["path"] == LIVES:
            await self.send_response(alive(), send)
        elif body is not None:
            await self._answer(scope, body, send, self._probe if scope["path"] == SERVES else self._threads)

    async def _answer(self, scope: Any, body: Body, send: Any, threads: ThreadPoolExecutor) -> None:
        """Run the request in one of `threads`, and send its response if the client is still there."""
        turn: Turn = scope["turn"]
        listening = asyncio.create_task(body.receive())  # `Turn` reads a disconnect
        try:
            response = await self._run(scope, body, threads)
            if response is not None and response.streaming:
                await self._stream(response, send, listening)
            elif response is not None and not turn.is_over:
                await self.send_response(response, send)
        finally:
            listening.cancel()

    async def _run(self, scope: Any, body: Body, threads: ThreadPoolExecutor) -> HttpResponseBase | None:
        """Return the response; None if the client disconnects while the request waits for its slot."""
        turn: Turn = scope["turn"]
        has_turn = await turn.arrive()
        while has_turn:
            # asgiref tells the thread of the event loop, which `async_to_sync` uses.
            response = await sync_to_async(self._respond, thread_sensitive=False, executor=threads)(scope, body)
            if not isinstance(response, WaitForTurn):
                return response
            has_turn = await turn.take(response.key)
        return None

    def _respond(self, scope: Any, body: Body) -> HttpResponseBase:
        """Return the response of middleware and view. One that is not streamed is closed; it can still be sent."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        try:
            request, refused = self.create_request(scope, body)
            response: Any = refused if request is None else self.get_response(request)
            response._handler_class = self.__class__
            if isinstance(response, FileResponse):
                response.block_size = self.chunk_size  # as Django's run_get_response() sets it
            if response.streaming:
                pieces: Any = response.streaming_content
                response.streaming_content = _async_pieces(pieces) if response.is_async else _pieces(iter(pieces))
            else:
                response.close()
        finally:
            close_old_connections()
        return cast(HttpResponseBase, response)

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Return a request, or the response to one whose body was refused."""
        request, response = super().create_request(scope, body_file)
        status = getattr(body_file, "status", None)
        return (None, refuse_body(request, status)) if request and status else (request, response)

    async def _stream(self, response: HttpResponseBase, send: Any, gone: "asyncio.Task[Any]") -> None:
        """Send a streamed response until the client is `gone`, from one thread, which then closes it."""
        async with ThreadSensitiveContext():
            # A separate task has a separate context: asgiref leaves the context of the thread in it, and a call there
            # would run before the chunk that the thread is making is complete.
            sending = asyncio.create_task(self.send_response(response, send))
            try:
                await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                await asyncio.wait({sending})
                await sync_to_async(response.close)()
        if not sending.cancelled():
            sending.result()


async def _pieces(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Create each chunk in the thread of the streamed response. Django would collect a synchronous body first."""

    def following() -> bytes | None:
        try:
            return next(pieces, None)
        except TypeError as error:  # Django takes it for a body of the other kind
            raise RuntimeError("A TypeError was raised in a streamed response.") from error
        finally:
            close_old_connections()

    while (piece := await sync_to_async(following)()) is not None:
        yield piece


async def _async_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        await sync_to_async(close_old_connections)()
        yield piece

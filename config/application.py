"""Django as an ASGI application, for requests whose body was received or is read by a view."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import close_old_connections
from django.http.response import HttpResponseBase

from config.bodies import ArrivingBody, Places, receive_all, streams_body
from config.errors import refuse_body
from config.fairness import Turn


class Application(ASGIHandler):
    """Django, for requests with a received body, or with a view that streams it.

    Middleware and view run in the thread of the request, one after the other as under WSGI. When they have returned,
    and after each chunk of a streamed response, the connection returns to the pool, before the client reads anything.
    """

    def __init__(self) -> None:
        super().__init__()
        self._places = Places()

    def load_middleware(self, is_async: bool = False) -> None:
        # No view is async. Async-capable middleware would call a thread for each of its steps.
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        turn: Turn = scope["turn"]
        if streams_body(scope):
            arriving = ArrivingBody(receive, turn=turn, places=self._places)
            try:
                await super().__call__(scope, arriving.receive, send)
            finally:
                await arriving.give_up_place()
        elif (body := await receive_all(scope, receive, turn.client, self._places)) is not None:
            await turn.arrive()
            await super().__call__(scope, body.receive, send)

    async def read_body(self, receive: Any) -> Any:
        """Return the body as a file, as Django's own does, which would write all of it to a disk first."""
        return receive.__self__

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Return a request, or the answer to one whose body was refused."""
        request, answer = super().create_request(scope, body_file)
        status = getattr(body_file, "status", None)
        return (None, refuse_body(request, status)) if request and status else (request, answer)

    async def run_get_response(self, request: Any) -> HttpResponseBase:
        """Return the answer of middleware and view. No connection is in use when it is sent."""
        response = await sync_to_async(self._respond)(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        return response

    def _respond(self, request: ASGIRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        finally:
            close_old_connections()
        if getattr(response, "streaming", False):
            pieces: Any = response.streaming_content  # type: ignore[attr-defined]
            wrap: Any = _async_pieces if response.is_async else _pieces  # type: ignore[attr-defined]
            response.streaming_content = wrap(pieces)  # type: ignore[attr-defined]
        return response


def _pieces(pieces: Any) -> Any:
    for piece in pieces:
        close_old_connections()
        yield piece


async def _async_pieces(pieces: Any) -> Any:
    async for piece in pieces:
        await sync_to_async(close_old_connections)()
        yield piece

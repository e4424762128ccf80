"""How long a client may take to send and to read, and what becomes of the connection of one that takes longer.

An answer and its request hold no connection to the database while they wait for their client: see `config.bodies`.
They still hold memory and a file descriptor, so they do not wait for ever.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

GRACE = 30.0  # seconds that a client may take for anything, and for each pause
RATE = 16 * 1024  # bytes a second, on average, of what takes longer
LINGER = 2.0  # seconds in which a refused body is still received, so that its sender reads the answer


class Pace:
    """How long the server has waited for one client, in one direction, and how much it got or was rid of meanwhile."""

    def __init__(self) -> None:
        self._waited, self._moved = 0.0, 0

    async def wait_for[T](self, moving: Awaitable[T]) -> T:
        """Wait for it. Raises TimeoutError when the client is slower than RATE, or pauses for longer than GRACE."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(min(GRACE, GRACE + self._moved / RATE - self._waited)):
                return await moving
        finally:
            self._waited += loop.time() - began

    def has_moved(self, count: int) -> None:
        """Note that the client has sent or read so many bytes."""
        self._moved += count


class HangUp:
    """ASGI middleware, outside of all that answers: ends the connection of a client that does not read.

    It also ends the connection of one whose body was refused before its end, after the answer. The server would
    receive the rest of it, however slowly it comes, and throw it away.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        pace, is_whole = Pace(), scope["type"] != "http"

        async def receive_and_note() -> Any:
            nonlocal is_whole
            message = await receive()
            is_whole = is_whole or not message.get("more_body")
            return message

        async def send_in_time(message: Any) -> None:
            try:
                await pace.wait_for(send(message))
            except TimeoutError:
                hang_up(send)  # the application hears of it as of any other client that goes away
            pace.has_moved(len(message.get("body", b"")))

        async def send_and_end(message: Any) -> None:
            if is_whole:
                await send_in_time(message)
            elif message["type"] == "http.response.start":
                await send_in_time({**message, "headers": [*message["headers"], (b"connection", b"close")]})
            else:
                await send_in_time({**message, "more_body": True})
                if not message.get("more_body"):
                    await _linger(receive)
                    await send_in_time({"type": "http.response.body"})

        try:
            if scope["type"] == "http":
                await self.application(scope, receive_and_note, send_and_end)
            else:
                await self.application(scope, receive, send)  # sockets have a separate limit for each frame
        finally:
            _hang_up_unless_read(send)


def hang_up(send: Any) -> None:
    """End the connection of an ASGI `send` at once. What the client has not read is lost.

    ASGI has no word for that. uvicorn's `send` is a method of what has the transport, whose `close()` would wait for
    the client to read everything.
    """
    if (transport := _transport(send)) is not None:
        transport.abort()


async def _linger(receive: Any) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while (await receive()).get("more_body"):
                pass


def _hang_up_unless_read(send: Any) -> None:
    """Give a client GRACE to read the end of what was sent. A connection that is closed waits for that, for ever."""
    transport = _transport(send)
    if transport is not None and _has_unread(transport):
        asyncio.get_running_loop().call_later(GRACE, _abort_if_closing, transport)


def _abort_if_closing(transport: Any) -> None:
    # One that is not closing has another request to answer, which has its own Pace.
    if transport.is_closing() and _has_unread(transport):
        transport.abort()


def _has_unread(transport: Any) -> bool:
    try:
        return bool(transport.get_write_buffer_size())
    except AttributeError:  # a closed TLS transport; asyncio aborts its connection after 30 seconds
        return False


def _transport(send: Any) -> Any:
    return getattr(getattr(send, "__self__", None), "transport", None)

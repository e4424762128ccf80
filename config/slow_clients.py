"""Timeouts of sending and reading clients, and the end of the connections of slow ones.

A request that waits for its client holds no connection to the database: see `config.bodies`. It still holds memory
and a file descriptor, so the wait is limited.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

GRACE = 30.0  # seconds that a client may always take, and for each pause
RATE = 16 * 1024  # bytes a second, on average, of what takes longer
LINGER = 2.0  # seconds in which a refused body is still received, so that its sender reads the answer


class Pace:
    """The time that the server has waited for one client, in one direction, and the bytes transferred meanwhile."""

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
    """ASGI middleware around the application: ends the connection of a client that does not read.

    It also ends a connection with a refused body after the response. Otherwise the server would receive and discard
    the rest of the body, at any speed.
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
                hang_up(send)  # the application gets the message of any disconnected client
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
    """End the connection of an ASGI `send` immediately. Unread data is lost.

    ASGI has no message for it. uvicorn's `send` is a method of the object with the transport, whose `close()` would
    wait for the client to read everything.
    """
    if (transport := _transport(send)) is not None:
        transport.abort()


async def _linger(receive: Any) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while (await receive()).get("more_body"):
                pass


def _hang_up_unless_read(send: Any) -> None:
    """Give a client GRACE to read the end of the response. A closing connection would wait forever."""
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

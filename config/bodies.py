"""Request bodies, and limits of waiting for clients that send them.

A body is received into memory before Django runs, up to a limit. Views with `streams_body` read a file of any length
while it arrives, after the authentication.
"""

import asyncio
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import close_old_connections, connections
from django.urls import Resolver404, resolve

from config.fairness import Turn
from config.slow_clients import Pace
from tenancy.context import get_active_tenant
from tenancy.routing import PathResolver

SMALL = 64 * 1024  # bytes of a body that need no slot
PLACES = 8  # for bodies of one tenant, or of one client address, each with some megabytes


class BrokenOff(OSError):
    """The client disconnected, or is too slow, before the end of the body. An OSError, which Django handles."""


class Places:
    """PLACES for each tenant and for each client address. Other requests wait without receiving their bodies."""

    def __init__(self) -> None:
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Semaphore:
        return self._places.setdefault(key, asyncio.Semaphore(PLACES))


class WholeBody(BytesIO):
    """A received body, or the `status` of its refusal; and the `receive()` of the messages after it."""

    def __init__(self, content: bytes, receive: Any, *, status: int | None = None) -> None:
        super().__init__(content)
        self._receive, self.status = receive, status

    async def receive(self) -> Any:
        """Return the message after the body, `http.disconnect`."""
        if self.status is not None:  # `config.slow_clients` receives the rest of the body
            await asyncio.Future()
        return await self._receive()


class ArrivingBody:
    """A body that a view reads as a file, in its thread, and the `receive()` of the messages after it.

    The server stops reading from the client while the application requests no more of the body.
    """

    def __init__(self, receive: Any, *, turn: Turn, places: Places) -> None:
        self._receive, self._turn, self._places = receive, turn, places
        self._loop = asyncio.get_running_loop()
        self._pace = Pace()
        self._place = AsyncExitStack()
        self._has_place = False
        self._one = asyncio.Lock()  # of those who call receive(), at a time
        self._rest = b""
        self._is_whole = self._is_broken = False
        self._is_over = asyncio.Event()

    # In the thread of the view ---------------------------------------------------------------------------------------

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, at most `size`; b"" at the end. Raises BrokenOff, and RuntimeError in a transaction.

        With -1 all that are left, which only code without file uploads requests. Raises RequestDataTooBig.
        """
        if size < 0:
            return self._all()
        if not self._rest and not self._is_whole:
            if any(each.in_atomic_block for each in connections.all(initialized_only=True)):
                raise RuntimeError("A transaction does not wait for a client: read the body before it begins.")
            close_old_connections()
            tenant = get_active_tenant()
            key = str(tenant.pk) if tenant else self._turn.client
            self._rest = asyncio.run_coroutine_threadsafe(self._next(key), self._loop).result()
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def readline(self, size: int = -1) -> bytes:
        """Return some bytes, which need not be a line: Django reads lines only to discard the rest."""
        return self.read(2**16)

    def _all(self) -> bytes:
        pieces, most = [], settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        while piece := self.read(2**16):
            pieces.append(piece)
            if sum(map(len, pieces)) > most:
                raise RequestDataTooBig(f"A body without a file has at most {most} bytes.")
        return b"".join(pieces)

    def seekable(self) -> bool:
        """Django calls it to measure the body first."""
        return False

    def close(self) -> None:
        """Nothing more is read."""
        self._rest = b""

    # In the event loop -----------------------------------------------------------------------------------------------

    async def _next(self, key: str) -> bytes:
        """Return the next chunk, in a slot of `key`, which is the tenant's after the authentication."""
        self._turn.give_back()
        if not self._has_place:
            self._has_place = True
            await self._place.enter_async_context(self._places.of(key))
        async with self._one:
            while not self._is_whole:
                try:
                    message = await self._pace.wait_for(self._receive())
                except TimeoutError as error:
                    raise BrokenOff("The client is too slow.") from error
                if message["type"] == "http.disconnect":
                    self._is_broken = True
                    self._is_over.set()
                    raise BrokenOff("The client went away.")
                self._is_whole = not message.get("more_body", False)
                if self._is_whole:
                    await self._turn.arrive()
                    self._is_over.set()
                if piece := bytes(message.get("body", b"")):
                    self._pace.has_moved(len(piece))
                    return piece
        return b""

    async def receive(self) -> Any:
        """Return `http.disconnect` when the client disconnects. The application waits for it while a view runs.

        While the body arrives its reader gets that message. A view can leave the rest of the body to the server.
        """
        await self._is_over.wait()
        if self._is_broken:
            return {"type": "http.disconnect"}
        async with self._one:
            return await self._receive()

    async def give_up_place(self) -> None:
        await self._place.aclose()


async def receive_all(scope: Any, receive: Any, client: str, places: Places) -> WholeBody | None:
    """Return the body, or the status of its refusal; None if the client disconnected."""
    pace, pieces, size, most = Pace(), [], _length(scope), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if size > most:
        return WholeBody(b"", receive, status=413)
    size = 0
    async with AsyncExitStack() as place:
        while True:
            try:
                message = await pace.wait_for(receive())
            except TimeoutError:
                return WholeBody(b"", receive, status=408)
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            had, size = size, size + len(piece)
            if size > most:
                return WholeBody(b"", receive, status=413)
            pieces.append(piece)
            if not message.get("more_body", False):
                return WholeBody(b"".join(pieces), receive)
            pace.has_moved(len(piece))
            if had <= SMALL < size:
                await place.enter_async_context(places.of(client))


def streams_body(scope: Any) -> bool:
    """Return whether the view at a path streams a body of this type, in any variant."""
    kind = _header(scope, b"content-type").lower()
    if not kind.startswith((b"multipart/", b"image/")):
        return False
    path = match["rest"] if (match := PathResolver.PREFIX.match(scope["path"])) else scope["path"]
    for urlconf in {settings.ROOT_URLCONF, *(variant["URLCONF"] for variant in settings.TENANCY["VARIANTS"].values())}:
        try:
            view: Any = resolve(path, urlconf).func
        except Resolver404:
            continue
        if getattr(getattr(view, "cls", view), "streams_body", False):
            return True
    return False


def _length(scope: Any) -> int:
    """Return the length of a body that the client declares; 0 without one."""
    value = _header(scope, b"content-length")
    return int(value) if value.isdigit() else 0


def _header(scope: Any, wanted: bytes) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == wanted), b"")

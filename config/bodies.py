"""Bodies with files in them, handed to the view as they arrive. Django would write all of one to a disk first."""

import asyncio
from typing import Any
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler

# A client that sends nothing for so long is gone, and holds a thread and perhaps an upload to S3.
PATIENCE = 60.0  # seconds
UPLOADS = 8  # each with a thread and some megabytes


class BrokenOff(OSError):
    """The client went away, or fell silent, before all of the body was there. Django knows what an OSError means."""


class ArrivingBody:
    """The body of a request as a file, which a view reads in its thread, and the `receive()` that is left for Django.

    What was not asked for is not received either: the server then stops reading from the client.
    """

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._one = asyncio.Lock()  # of those who call receive(), at a time
        self._rest = b""
        self._is_whole = self._is_broken = False
        self._is_over = asyncio.Event()

    # In the thread of the view ---------------------------------------------------------------------------------------

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, at most `size`; b"" at the end. Raises BrokenOff.

        With -1 all that are left, which nobody asks for but whoever wants no file. Raises RequestDataTooBig.
        """
        if size < 0:
            return self._all()
        if not self._rest and not self._is_whole:
            self._rest = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def readline(self, size: int = -1) -> bytes:
        """Return some bytes, which need not be a line: Django asks for lines only to be rid of what is left."""
        return self.read(2**16)

    def _all(self) -> bytes:
        pieces, most = [], settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        while piece := self.read(2**16):
            pieces.append(piece)
            if sum(map(len, pieces)) > most:
                raise RequestDataTooBig(f"A body without a file has at most {most} bytes.")
        return b"".join(pieces)

    def seekable(self) -> bool:
        """Django asks so as to measure the body first."""
        return False

    def close(self) -> None:
        """Nothing more is read."""
        self._rest = b""

    # In the event loop -----------------------------------------------------------------------------------------------

    async def _next(self) -> bytes:
        async with self._one:
            while not self._is_whole:
                try:
                    async with asyncio.timeout(PATIENCE):
                        message = await self._receive()
                except TimeoutError as error:
                    self._is_broken = True
                    self._is_over.set()
                    raise BrokenOff("The client sends nothing any more.") from error
                if message["type"] == "http.disconnect":
                    self._is_broken = True
                    self._is_over.set()
                    raise BrokenOff("The client went away.")
                self._is_whole = not message.get("more_body", False)
                if self._is_whole:
                    self._is_over.set()
                if message.get("body"):
                    return bytes(message["body"])
        return b""

    async def receive(self) -> Any:
        """Return `http.disconnect` when the client goes away: what Django listens for while a view is at work.

        While the body arrives its reader hears of that. A view that has enough of it leaves the rest to the server.
        """
        await self._is_over.wait()
        if self._is_broken:
            return {"type": "http.disconnect"}
        async with self._one:
            return await self._receive()


class ArrivingBodies(ASGIHandler):
    """Django, with multipart bodies that are read while they arrive: at most UPLOADS of one host at a time.

    The others of that host wait, and what they send waits in their clients.
    """

    def __init__(self) -> None:
        super().__init__()
        self._places: WeakValueDictionary[bytes, asyncio.Semaphore] = WeakValueDictionary()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not has_files(scope):
            await super().__call__(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        places = self._places.setdefault(host.lower(), asyncio.Semaphore(UPLOADS))
        async with places:
            await super().__call__(scope, ArrivingBody(receive).receive, send)

    async def read_body(self, receive: Any) -> Any:
        """Return the body as a file, as Django's own does, which would have all of it."""
        body = getattr(receive, "__self__", None)
        return body if isinstance(body, ArrivingBody) else await super().read_body(receive)


def has_files(scope: Any) -> bool:
    """Say whether the body of an ASGI request is multipart."""
    return scope["type"] == "http" and any(
        name == b"content-type" and value.lower().startswith(b"multipart/") for name, value in scope["headers"]
    )

"""Many clients at once, on one event loop."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Client(ClientConnection):
    """A connection that can be cut as a cable is, and says how it was closed."""

    def cut(self) -> None:
        self.transport.abort()

    async def closed(self) -> tuple[int, str]:
        await asyncio.wait_for(self.wait_closed(), 15)
        return self.close_code or 0, self.close_reason or ""


class Many:
    """Opens sockets at `uri`, and closes all at the end."""

    def __init__(self, uri: str, protocols: list[str]) -> None:
        self.uri, self.protocols = uri, protocols
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> "Many":
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.stack.aclose()

    async def connect(self) -> Client:
        # Python's resolver does not know *.localhost.
        address = {"host": "127.0.0.1", "port": urlsplit(self.uri).port}
        opening = connect(
            self.uri,
            subprotocols=self.protocols,
            create_connection=Client,
            open_timeout=60,
            compression=None,
            proxy=None,
            ping_interval=None,
            max_queue=1_000,
            **address,
        )
        return await self.stack.enter_async_context(opening)


class Follower:
    """A client that follows a row of a topic. After each cut it goes on from the last event that it has seen."""

    def __init__(self, many: Many, row: Any) -> None:
        self.many, self.row = many, {row._meta.model_name: str(row.pk)}
        self.seen: list[int] = []  # the number of each event, as they came
        self.state: dict[str, Any] = {}
        self.resyncs = self.connections = 0
        self.socket: Client | None = None
        self.ready = asyncio.Event()
        self.last: int | None = None

    async def follow(self) -> None:
        """Follow the row until cancelled."""
        while True:
            with suppress(ConnectionClosed, OSError):
                await self._follow_once()

    async def _follow_once(self) -> None:
        self.socket = await self.many.connect()
        self.connections += 1
        since = {} if self.last is None else {"since": self.last}
        await self.socket.send(json.dumps({"type": "subscribe", **self.row, **since}))
        subscribed = json.loads(await self.socket.recv())
        assert subscribed["type"] == "subscribed", subscribed
        if self.last is None:
            self.last = subscribed["seq"]
        self.ready.set()
        while True:
            self.take(json.loads(await self.socket.recv()))

    def take(self, frame: Any) -> None:
        if frame["type"] == "resync":
            self.resyncs += 1
            return
        assert frame["type"] == "event", frame
        self.last = frame["seq"]
        self.seen.append(frame["seq"])
        if frame["object"] is not None:
            self.state[frame["object"]["id"]] = frame["object"]

    def cut(self) -> None:
        if self.socket is not None:
            self.socket.cut()


@asynccontextmanager
async def following(many: Many, row: Any, number: int) -> AsyncIterator[list[Follower]]:
    """Have so many followers follow the row in the block."""
    followers = [Follower(many, row) for _ in range(number)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follower.follow()) for follower in followers]
        for follower in followers:
            await asyncio.wait_for(follower.ready.wait(), 120)
        yield followers
        for task in tasks:
            task.cancel()


async def have_reached(followers: list[Follower], last: int) -> None:
    """Wait until all of them have seen the event with the number `last`."""
    async with asyncio.timeout(120):
        while any((follower.last or 0) < last for follower in followers):
            await asyncio.sleep(0.02)

"""`python -m benchmarks.subscribers URI TOKEN PROJECT SOCKETS EVENTS`: follows a project with many sockets.

Says `ready` when all have subscribed, and when all have had so many events, writes for each event when the last of
them had it, as JSON: `{"<seq>": <seconds since 1970>}`. It is a separate process, so that its work is not measured as
the server's.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from config import product

OPENING_AT_ONCE = 20
SEQ = '"seq":'


async def main(uri: str, token: str, project: str, sockets: int, events: int) -> None:
    last: dict[int, float] = {}
    turns = asyncio.Semaphore(OPENING_AT_ONCE)

    async def open_one() -> ClientConnection:
        async with turns:
            address = {"host": "127.0.0.1", "port": urlsplit(uri).port}
            protocols = [f"{product.SLUG}.v1", f"bearer.{token}"]
            socket = await connect(
                uri, subprotocols=protocols, compression=None, proxy=None, open_timeout=60, **address
            )
            await socket.send(json.dumps({"type": "subscribe", "project": project}))
            if json.loads(await socket.recv())["type"] != "subscribed":
                raise RuntimeError("The project cannot be followed.")
            return socket

    async def follow(socket: ClientConnection) -> None:
        for _ in range(events):
            text = str(await socket.recv())
            last[seq_of(text)] = time.time()  # the latest of all sockets is what stays

    opened = await asyncio.gather(*(open_one() for _ in range(sockets)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(follow(socket) for socket in opened))
    sys.stdout.write(json.dumps(last))


def seq_of(text: str) -> int:
    """Return the number of an event without reading all of it, which would take longer than receiving it."""
    start = text.index(SEQ) + len(SEQ)
    return int(text[start : text.index(",", start)])


if __name__ == "__main__":
    uri, token, project, sockets, events = sys.argv[1:]
    asyncio.run(main(uri, token, project, int(sockets), int(events)))

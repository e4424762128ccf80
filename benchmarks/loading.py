"""`python -m benchmarks.loading`: sends requests over kept-alive connections and counts the responses.

Reads JSON from its standard input, `{"port": …, "seconds": …, "requests": [text, …]}`, and opens one connection for
each request text, on which it sends the request again as soon as the response is complete. A connection is opened when
the first response on the one before is complete, and responses are counted when all are open: several processes share
connections that come one after the other, while one process accepts all that come at once. Prints
`{"responses": …, "seconds": …, "all": …}`, the last with the responses before they were counted. A response other
than 200 ends it with an error.
"""

import asyncio
import json
import re
import sys
from math import inf
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One request after the other until the time `ends`. `done` is set at the end, `answered` by the first response.

    `responses` are all, and `before` those before they were counted.
    """

    def __init__(self, request: bytes) -> None:
        self.request, self.ends = request, inf
        self.loop = asyncio.get_running_loop()
        self.answered = asyncio.Event()
        self.done: asyncio.Future[None] = self.loop.create_future()
        self.received, self.responses, self.before = b"", 0, 0

    def count_until(self, ends: float) -> None:
        self.ends, self.before = ends, self.responses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = LENGTH.search(head + b"\r\n")
        complete = len(body) >= int(length[1]) if length else body.endswith(LAST_CHUNK)
        if not head.startswith(b"HTTP/1.1 200 "):
            self.transport.abort()
            self._fail(RuntimeError(f"Not a response with status 200: {self.received[:500]!r}"))
        elif complete:
            self.received, self.responses = b"", self.responses + 1
            self.answered.set()
            if self.loop.time() < self.ends:
                self.transport.write(self.request)
            else:
                self.transport.close()
                self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._fail(error or RuntimeError("The server closed the connection."))

    def _fail(self, error: Exception) -> None:
        self.done.set_exception(error)
        self.answered.set()


async def load(port: int, requests: list[str], seconds: float) -> dict[str, float]:
    """Send `requests`, each over a connection of its own, for so many seconds."""
    loop = asyncio.get_running_loop()
    connections = [Connection(request.encode()) for request in requests]
    for connection in connections:
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", port)
        await connection.answered.wait()
    started = loop.time()
    for connection in connections:
        connection.count_until(started + seconds)
    await asyncio.gather(*(connection.done for connection in connections))
    seconds = loop.time() - started
    everything = sum(connection.responses for connection in connections)
    counted = everything - sum(connection.before for connection in connections)
    return {"responses": counted, "seconds": seconds, "all": everything}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(load(**json.load(sys.stdin)))))

"""Many parallel clients that stop sending or reading, against a separate web process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

AT_WORK = 10.0  # seconds until a client counts as waiting for its slot
WINDOW = 4096  # bytes that the kernel takes for a client that reads nothing


@dataclass(frozen=True)
class Way:
    """How a client is slow: it sends `text` at once, and the bytes of `drip` one by one. It reads one byte at most.

    With `answers` the server then responds, so that a test can wait until the request is processed.
    """

    text: bytes
    drip: bytes = b"x" * 1000
    answers: bool = True


@dataclass
class Slow:
    """One of them."""

    way: Way
    socket: socket.socket
    position: int = 0
    has_heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", port))
        await loop.sock_sendall(self.socket, self.way.text)
        if self.way.answers:
            # The server processes the request (it requested the body or has begun its response), or lets it wait.
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_WORK):
                    await loop.sock_recv(self.socket, 1)

    def go_on(self) -> None:
        """Send one more byte, also to closed connections."""
        try:
            self.socket.send(self.way.drip[self.position : self.position + 1])
        except OSError:
            return  # the server disconnected
        self.position += 1


@asynccontextmanager
async def slow_clients(port: int, ways: Sequence[Way]) -> AsyncIterator[list[Slow]]:
    """Open a connection for each of `ways`, and give them when the server is at work on all."""
    clients = []
    for way in ways:
        each = socket.socket()
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        each.setblocking(False)
        clients.append(Slow(way, each))
    try:
        await asyncio.gather(*(client.begin(port) for client in clients))
        yield clients
    finally:
        for client in clients:
            client.socket.close()


def half_a_head(host: str, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Way:
    """Send no end of the head."""
    return Way(_head(method, host, path, headers or {}), answers=False)


def half_a_body(host: str, path: str, headers: dict[str, str], *, begin: bytes = b"", length: int = 10**6) -> Way:
    """Send the head and `begin`, of `length` bytes, when the server requests them or refuses."""
    announced = {"Content-Length": str(length), "Expect": "100-continue", **headers}
    return Way(_head("POST", host, path, announced) + b"\r\n" + begin)


def no_reading(host: str, path: str, headers: dict[str, str]) -> Way:
    """Send a whole request and read one byte of the answer."""
    return Way(_head("GET", host, path, headers) + b"\r\n", drip=b"")


def _head(method: str, host: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()

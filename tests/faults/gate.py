"""A TCP proxy in front of a server: open, closed, or silently dropping data."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Gate:
    """Forwards connections on its own port to `host` and `port`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._mode, self._left = "open", -1
        self.attempts = 0  # to connect, including failed ones
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def open(self) -> None:
        self._mode, self._left = "open", -1

    def close(self) -> None:
        """Cut all connections, and every new one."""
        self._mode = "closed"
        self._cut()

    def hang(self) -> None:
        """Let nothing through any more, and say nothing about it."""
        self._mode = "hanging"

    def close_after(self, count: int) -> None:
        """Close it when that many bytes more have gone through, in both directions together."""
        self._left = count

    def stop(self) -> None:
        self._mode = "closed"
        self._listening.close()
        self._cut()

    def _cut(self) -> None:
        connections, self._connections = self._connections, []
        _hang_up(*connections)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.attempts += 1
                if self._mode == "closed":
                    client.close()
                    continue
                server = socket.create_connection(self._target)
                self._connections += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while piece := source.recv(65536):
                if self._left >= 0:
                    self._left -= len(piece)
                    if self._left < 0:
                        self.close()
                if self._mode == "hanging":
                    threading.Event().wait(60)
                    return
                if self._mode == "closed":
                    return
                sink.sendall(piece)
            _hang_up(source, sink)  # close() alone would not end the other thread, which reads from `sink`


def _hang_up(*connections: socket.socket) -> None:
    for each in connections:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate_to(url: str) -> Iterator[Gate]:
    server = urlsplit(url)
    gate = Gate(server.hostname or "127.0.0.1", server.port or 80)
    try:
        yield gate
    finally:
        gate.stop()

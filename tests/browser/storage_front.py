"""A proxy in front of S3 that allows CORS uploads, which the embedded server does not support."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit


@dataclass
class Front:
    """`mode` is the behavior: uploads succeed, CORS is refused, or S3 refuses the upload."""

    target: str
    url: str = ""
    mode: Literal["open", "silent", "refusing"] = "open"
    taken: list[int] = field(default_factory=list)  # bytes that S3 has accepted


@contextmanager
def front_of(target: str) -> Iterator[Front]:
    """Run one before the server at `target`, and give it. Signatures are of its address, which S3 gets as `Host`."""
    front = Front(target)

    class Handler(_Handler):
        pass

    Handler.front = front
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        front.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield front
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    front: Front

    def do_OPTIONS(self) -> None:
        if self.front.mode == "silent":
            self._answer(400, {}, b"")
            return
        allowed = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "Content-Type"}
        self._answer(200, self._origin() | allowed, b"")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.front.mode == "refusing":
            self._answer(403, self._origin(), b"")
            return
        with closing(http.client.HTTPConnection(urlsplit(self.front.target).netloc, timeout=30)) as asking:
            asking.request("PUT", self.path, body, dict(self.headers))
            answer = asking.getresponse()
            content = answer.read()
        if answer.status == 200:
            self.front.taken.append(len(body))
        self._answer(answer.status, self._origin(), content)

    def _origin(self) -> dict[str, str]:
        return {"Access-Control-Allow-Origin": self.headers["Origin"]}

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass

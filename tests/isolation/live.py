"""A separate web process on a free port, and many parallel requests to it."""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tenancy.models import AbstractTenant
from tests.pooler.pgbouncer import without_pytest
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
# As in the Dockerfile, but without keep-alive pings to clients that read slowly or not at all.
WEBSOCKETS = ["--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"]
WEBSOCKETS += ["--ws-ping-interval", "3600"]


@dataclass(frozen=True)
class Request:
    """A request, the expected status, and the tenant whose canaries the response may contain, or None."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    status: int
    tenant: AbstractTenant | None
    body: Any = None


@dataclass(frozen=True)
class Response:
    """A response: `text` is its head and body."""

    status: int
    text: str


@dataclass
class Outcome:
    """All responses."""

    statuses: Counter[int] = field(default_factory=Counter)
    cancelled: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def web_process(database_url: str, log: Path, *, connections: int, wait: int = 5, **variables: str) -> Iterator[str]:
    """Run config.asgi on the database and yield its URL. The process has no connection as the owner.

    A request waits at most `wait` seconds for one of its `connections`. `variables` are added to its environment.
    """
    with running_web_process(database_url, log, connections=connections, wait=wait, **variables) as (url, _process):
        yield url


@contextmanager
def running_web_process(
    database_url: str, log: Path, *, connections: int, wait: int = 5, **variables: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The same with the process itself, for tests that end it. `APPLICATION` may name another application.

    With `UVICORN_SSL_CERTFILE` and `UVICORN_SSL_KEYFILE` it speaks TLS. With `WEB_CONCURRENCY` it is the parent of so
    many web processes.
    """
    environment = without_pytest(os.environ) | {
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": str(connections),
        "DATABASE_POOL_SECONDS": str(wait),
        "LOG_LEVEL": "ERROR",
        **variables,
    }
    for withheld in ("DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"):
        environment.pop(withheld, None)
    with socket.create_server(("127.0.0.1", 0)) as listening, open(log, "wb") as output:
        port, number = listening.getsockname()[1], listening.fileno()
        application = environment.pop("APPLICATION", "config.asgi:application")
        command = ["uvicorn", application, "--fd", str(number), "--log-level", "warning"]
        command += ["--http", "httptools", *WEBSOCKETS]
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[number],
        )
    try:
        url = f"{'https' if 'UVICORN_SSL_CERTFILE' in variables else 'http'}://127.0.0.1:{port}"
        try:  # the socket listens already, so this waits until a process answers
            httpx.get(f"{url}/healthz", timeout=PATIENCE, trust_env=False, verify=False).raise_for_status()
        except httpx.HTTPError as error:
            raise RuntimeError(f"The web process did not start:\n{log.read_text()}") from error
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def connections_of(process: "subprocess.Popen[bytes]", port: int) -> int:
    """Return the number of connections to a web process at `port`, from the kernel."""
    sockets = {os.readlink(entry) for entry in Path(f"/proc/{process.pid}/fd").iterdir() if entry.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] == "01"}
    return len(sockets & here)


def send_all(
    url: str,
    requests: Sequence[Request],
    check: Callable[[Request, Response], str | None],
    *,
    at_once: int,
    cancelled: float,
    seed: int,
) -> Outcome:
    """Send `requests`, `at_once` at a time, and cancel the fraction `cancelled` of them in the middle.

    `check` returns what is wrong with a response, or None.
    """
    return asyncio.run(_send_all(url, requests, check, at_once, cancelled, random.Random(seed)))


async def _send_all(url: str, requests: Any, check: Any, at_once: int, cancelled: float, chance: Any) -> Outcome:
    outcome, waiting, port = Outcome(), iter(requests), int(url.rpartition(":")[2])

    async def work() -> None:
        for request in waiting:
            patience = chance.uniform(0.0, 0.5) if chance.random() < cancelled else PATIENCE
            try:
                async with asyncio.timeout(patience):
                    response = await send(port, request)
            except TimeoutError:
                if patience == PATIENCE:
                    outcome.wrong.append(f"{request.method} {request.path}: no answer in {patience} seconds")
                outcome.cancelled += 1
                continue
            outcome.statuses[response.status] += 1
            if problem := check(request, response):
                outcome.wrong.append(problem)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return outcome


async def send(port: int, request: Request) -> Response:
    """Send over a separate connection, which is closed when the task is cancelled."""
    body = b"" if request.body is None else json.dumps(request.body).encode()
    headers = {"Host": request.host, "Connection": "close", "Content-Length": str(len(body)), **request.headers}
    if body:
        headers["Content-Type"] = "application/json"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        text = (await reader.read()).decode(errors="replace")
    finally:
        writer.transport.abort()
    return Response(int(text.split(" ", 2)[1]), text)

"""`make demo` and `make dev`: everything on one machine, from an empty folder to a page in the browser.

Starts the servers, prepares the database, runs the processes of `processes()` until Ctrl-C, and stops what it
started. A process that ends is started again, as a supervisor would. `--reload` is for developing: DEBUG, and a web
server that restarts when a file changes.
"""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from config import product, services
from config.services.announcement import announce_port

START_SECONDS = 60
STOP_SECONDS = 10
MOST_RESTARTS = 3  # of one process within RESTART_SECONDS; one more ends the demo
RESTART_SECONDS = 60.0
WITHHELD = ("DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")  # from all but the preparation
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY = """
  {product} is ready.

    http://localhost:{port}/             the public site
    http://tenant-0.localhost:{port}/    an account, and tenant-1, tenant-2
{mails}
    owner@tenant-0.example.com       owns the account
    user-1@tenant-0.example.com      is a member of it
    viewer@tenant-0.example.com      may only look
    demo@example.com                 belongs to all three

    The password of all: password

  Ctrl-C stops everything.
"""
MAILS = "    http://localhost:{port}/mails/       the mails that it would send\n"


class DemoError(Exception):
    """The demo must stop; the text has the reason and the remedy. `status` is for the shell."""

    def __init__(self, text: str, *, status: int) -> None:
        super().__init__(text)
        self.status = status


class Interrupted(BaseException):
    """Ctrl-C was pressed, or the process received a signal to end."""


@dataclass
class Process:
    """A program that runs as long as the demo does."""

    name: str
    arguments: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None
    restarted_at: list[float] = field(default_factory=list)

    def start(self) -> None:
        # In a new session: Ctrl-C reaches this process only, which then ends the others in order.
        self.popen = subprocess.Popen(self.arguments, env=self.environment, start_new_session=True)  # noqa: S603 (our own programs)

    def restart_if_ended(self) -> None:
        """Start the program again when it has ended. Raises DemoError when that happens too often."""
        status = self.popen.poll() if self.popen else None
        if status is None:
            return
        now = time.monotonic()
        self.restarted_at = [at for at in self.restarted_at if at > now - RESTART_SECONDS]
        if len(self.restarted_at) == MOST_RESTARTS:
            raise DemoError(f"The {self.name} ends again and again, this time with {status}.", status=1)
        self.restarted_at.append(now)
        sys.stderr.write(f"The {self.name} ended with {status} and is started again.\n")
        self.start()


def without_rights(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the servers, without the connections of roles that see all tenants."""
    return {name: value for name, value in environment.items() if name not in WITHHELD}


def processes(port: int, environment: Mapping[str, str], *, reload: bool) -> list[Process]:
    """Return the processes that run beside the servers, the web server first."""
    options = ["--log-level", "warning", "--no-access-log"]
    if reload:  # only our own packages are watched: the virtual environment is in the same folder
        options = ["--reload", *(f"--reload-dir={marker.parent}" for marker in Path().glob("*/__init__.py"))]
    web = [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--host", "127.0.0.1", "--port", str(port)),
        # h11 would answer a request without a Host itself. Forwarded headers are a proxy's, and there is none.
        *("--http", "httptools", "--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "5"),
        *("--timeout-worker-healthcheck", "60"),  # with WEB_CONCURRENCY; uvicorn kills a process that is slower
        # Frames from clients are short. A frame to many clients would be compressed once per client.
        *("--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
        *options,
    ]
    celery = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "config.celery",
    ]  # without banners between the printed log-ins
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # there is no other worker to talk to
    commands = {
        "web server": web,
        "relay of the outbox": [sys.executable, "manage.py", "relayoutbox"],
        "worker": [*celery, "worker", "--concurrency", "4", "--loglevel", "WARNING", *alone],
        "beat": [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING"],
    }
    return [Process(name, arguments, environment) for name, arguments in commands.items()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.demo", description=__doc__)
    parser.add_argument("--reload", action="store_true", help="for developing: DEBUG, restart on changes")
    options = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    running: list[Process] = []
    try:
        run(running, reload=options.reload)
    except Interrupted:
        return 0
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    except services.ServicesError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    finally:
        stop(running)


def run(running: list[Process], *, reload: bool) -> NoReturn:
    """Start all processes, add them to `running`, and wait. Raises DemoError, ServicesError, Interrupted."""
    port = free_port()
    os.environ |= {"PORT": str(port), "DEBUG": "1" if reload else "0", "PYTHONUNBUFFERED": "1"}
    if not reload:  # the printed log-ins stay visible
        os.environ.setdefault("LOG_LEVEL", "WARNING")
    if not os.environ.get("EMAIL_URL"):
        os.environ.setdefault("MAIL_FOLDER", str(services.data_dir() / "mails"))
    services.ensure(owner=True)
    announce_port(services.data_dir(), port)
    prepare()
    web, *others = processes(port, without_rights(os.environ), reload=reload)
    _start(web, running)
    wait_for_page(port, web)
    for process in others:  # only now: they would make the first page wait
        _start(process, running)
    mails = MAILS.format(port=port) if os.environ.get("MAIL_FOLDER") else ""
    sys.stdout.write(READY.format(product=product.NAME, port=port, mails=mails))
    sys.stdout.flush()
    while True:
        for process in running:
            process.restart_if_ended()
        time.sleep(0.2)


def free_port() -> int:
    """Return PORT. Raises DemoError when it is no port, or in use."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"PORT is {text!r}, which is no port: use a number from 1 to 65535.", status=2)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise DemoError(
                f"Port {text} on 127.0.0.1 cannot be used: {error.strerror}. "
                f"Stop the program that has it, or choose another: make demo PORT={_another(int(text))}",
                status=2,
            ) from error
    return int(text)


def prepare() -> None:
    """Migrate the database and fill in the demo data. Raises DemoError."""
    preparing = Process("preparation", [sys.executable, "manage.py", "preparedemo"], os.environ)
    preparing.start()
    try:
        status = preparing.popen.wait() if preparing.popen else 1
    except Interrupted:
        stop([preparing])
        raise
    if status:
        raise DemoError(f"Preparing the database failed: manage.py preparedemo ended with {status}.", status=1)


def wait_for_page(port: int, web: Process) -> None:
    """Return as soon as the web server answers. Raises DemoError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        web.restart_if_ended()
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.02)
    raise DemoError(f"The web server does not answer on port {port} after {START_SECONDS} seconds.", status=1)


def stop(running: Sequence[Process]) -> None:
    """End the processes, by SIGKILL after a timeout. The servers stop when this process exits."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    started = [process.popen for process in running if process.popen]
    for popen in started:
        popen.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for popen in started:
        try:
            popen.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()


def _start(process: Process, running: list[Process]) -> None:
    running.append(process)
    process.start()


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once: `make` forwards the signal that the terminal sends to all processes; a second one would interrupt stop().
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())

"""`make demo` in a new clone: with the packages that it declares and no others. Needs only Python's standard library.

Exits with 0 when the first page, a task by the API, the mail that a job sends about it, every process and a clean end
were seen.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE_SECONDS, MAIL_SECONDS, STOP_SECONDS = 600, 120, 60
PROCESSES = ("uvicorn", "relayoutbox", "worker", "beat")
SERVICES = ("DATABASE_", "REDIS_", "BROKER_", "S3_")  # variables of servers that a test run or a deployment names


class Failed(Exception):
    """The demo does not do what it should."""


class Demo:
    """`make demo` in the folder `clone`; its output is in `log`."""

    def __init__(self, clone: Path) -> None:
        self.clone, self.log, self.token = clone, clone.parent / "log", ""
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = int(server.getsockname()[1])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(SERVICES)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["make", "demo"],
                cwd=clone,
                env=environment | {"PORT": str(self.port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, path: str, data: Any = None) -> str:
        """Return the text of an answer; sends `data` as JSON, if there is any. Raises Failed, OSError."""
        headers = {"Host": f"tenant-0.localhost:{self.port}", "Content-Type": "application/json"}
        if path == "/mails/":
            headers["Host"] = f"localhost:{self.port}"
        elif self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST" if data else "GET", path, json.dumps(data) if data else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status >= 400:
            raise Failed(f"{path} was answered with {response.status}: {text[:500]}")
        return text

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return bool(self.ask("/auth/login/"))
        return False

    def wait(self, condition: Callable[[], bool], seconds: int, what: str) -> None:
        """Return when `condition` holds. Raises Failed."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise Failed(f"`make demo` ended before there was a {what}.")
            if time.monotonic() > deadline:
                raise Failed(f"There is no {what} after {seconds} seconds.")
            time.sleep(0.2)

    def commands(self) -> str:
        """Return the command lines of all processes that run from the clone."""
        listing = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
        return "\n".join(line for line in listing.splitlines() if str(self.clone) in line)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when this one is root
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        demo = Demo(clone)
        try:
            with stopped_at_the_end(demo):
                use(demo)
            if left := demo.commands():
                raise Failed(f"`make demo` left processes behind:\n{left}")
        except Failed as error:
            sys.stderr.write(f"{error}\nThe end of its output:\n{demo.log.read_text()[-5000:]}\n")
            return 1
    return 0


@contextmanager
def stopped_at_the_end(demo: Demo) -> Iterator[None]:
    try:
        yield
    finally:
        demo.stop()


def use(demo: Demo) -> None:
    """Do what a first user does. Raises Failed."""
    demo.wait(demo.answers, PAGE_SECONDS, "first page")
    credentials = {"email": "owner@tenant-0.example.com", "password": "password"}
    demo.token = json.loads(demo.ask("/api/v1/auth/token/", credentials))["access"]
    project = json.loads(demo.ask("/api/v1/projects/"))["results"][0]["id"]
    members = json.loads(demo.ask("/api/v1/members/"))["results"]
    assignee = next(member["id"] for member in members if member["email"].startswith("user-1@"))
    title = f"Clean installation {os.getpid()}"
    demo.ask("/api/v1/tasks/", {"project": project, "title": title, "assignees": [assignee]})
    demo.wait(lambda: title in demo.ask("/mails/"), MAIL_SECONDS, "mail about the assignment")
    commands = demo.commands()
    if missing := [name for name in PROCESSES if name not in commands]:
        raise Failed(f"These processes do not run: {', '.join(missing)}. There are:\n{commands}")
    if "is started again" in demo.log.read_text():
        raise Failed("A process ended.")


if __name__ == "__main__":
    sys.exit(main())

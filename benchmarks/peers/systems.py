"""The four systems: how each one is migrated, filled and served."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import psycopg

from benchmarks.peers.column import last_of
from benchmarks.peers.rows import slug_of
from benchmarks.reports import ROOT
from benchmarks.serving import Server, request_text, serving
from tests.waiting import PATIENCE

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
# A thread keeps its connections to the client and to the database.
GUNICORN = ["-m", "gunicorn", *("--worker-class", "gthread"), *("--threads", "4"), *("--keep-alive", "75")]
GUNICORN += ["--log-level", "warning"]
WSGI = "django.core.wsgi:get_wsgi_application()"
PAGE = "/subtasks/"


@dataclass
class System:
    """One of the peers. `cookies` are of the sessions of the first tenants, when these exist."""

    title: str
    name: str  # its folder, and a part of the name of its database
    migrate_command: Sequence[str] = ("migrate",)
    cookies: list[str] = field(default_factory=list)

    python = str(PYTHON)
    api = "/api/tasks/?page_size=10"

    @property
    def settings(self) -> str:
        return f"benchmarks.peers.{self.name}.settings"

    @property
    def migrations(self) -> str:
        return f"benchmarks.peers.{self.name}.migrations"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of its processes: those of libpq, with the role that owns all databases."""
        url = urlsplit(os.environ["DATABASE_OWNER_URL"])
        return {
            "PATH": os.environ["PATH"],
            "PGHOST": url.hostname or "",
            "PGPORT": str(url.port),
            "PGUSER": unquote(url.username or ""),
            "PGPASSWORD": unquote(url.password or ""),
            "PGDATABASE": f"peers_{self.name}",
        }

    def prepare(self) -> None:
        """Make its database and tables."""
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE peers_{self.name}")  # type: ignore[call-overload]
        self.migrate()

    def fill(self, first: int, last: int) -> list[float]:
        """Make tenants with all their rows, and return how many seconds the creation of each one took."""
        peer = {"PEER": f"benchmarks.peers.{self.name}.tenants"}
        arguments = ["-m", "benchmarks.peers.filling", str(first), str(last)]
        made: dict[str, Any] = json.loads(self._run(arguments, {"DJANGO_SETTINGS_MODULE": self.settings, **peer}))
        self.cookies += made["cookies"]
        return [float(seconds) for seconds in made["seconds"]]

    def migrate(self, *arguments: str, column: bool = False) -> None:
        """Run its command for migrations; with `column` there is one more, which adds a column."""
        variables = {"DJANGO_SETTINGS_MODULE": self.settings}
        if column:
            variables = {
                "DJANGO_SETTINGS_MODULE": "benchmarks.peers.column.settings",
                "COLUMN_SETTINGS": self.settings,
                "COLUMN_MIGRATIONS": self.migrations,
            }
        self._run(["-m", "django", *self.migrate_command, *arguments, "--verbosity", "0"], variables)

    def remove_column(self) -> None:
        self.migrate("tasks", last_of(self.migrations), column=True)

    def vacuum(self) -> None:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=self.database, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    @property
    def database(self) -> str:
        return self.environment["PGDATABASE"]

    @contextmanager
    def serving(self, folder: Path) -> Iterator[Server]:
        """Run one web process."""
        log = folder / f"{self.name}.log"
        with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as output:
            port, number = listening.getsockname()[1], listening.fileno()
            process = subprocess.Popen(  # noqa: S603  # our own project
                [self.python, *GUNICORN, "--bind", f"fd://{number}", WSGI],
                cwd=ROOT,
                env={**self.environment, "DJANGO_SETTINGS_MODULE": self.settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[number],
            )
        try:
            yield Server(port, process.pid, 1)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)

    def requests(self, path: str) -> list[str]:
        """Return requests for a page of the first tenants, with the sessions of their owners."""
        return [
            request_text(path, Host=f"{slug_of(number)}.localhost", Cookie=cookie)
            for number, cookie in enumerate(self.cookies)
        ]

    def sizes(self, port: int) -> tuple[int, int]:
        """Return the bytes of an uncompressed list and page. Raises RuntimeError if they have other than ten rows."""
        tasks, page = (self._get(path, port) for path in (self.api, PAGE))
        rows = len(tasks.json()["results"]), page.text.count('"subtask-title"')
        if rows != (10, 10):
            raise RuntimeError(f"{self.title} answers {rows[0]} tasks and {rows[1]} subtasks.")
        return len(tasks.content), len(page.content)

    def _get(self, path: str, port: int) -> httpx.Response:
        headers = {"Host": f"{slug_of(0)}.localhost", "Cookie": self.cookies[0], "Accept-Encoding": "identity"}
        response = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=PATIENCE, trust_env=False)
        return response.raise_for_status()

    def _run(self, arguments: Sequence[str], variables: Mapping[str, str]) -> str:
        command, environment = [self.python, *arguments], {**self.environment, **variables}
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        return done.stdout


class Ours(System):
    python = sys.executable
    api = "/api/v1/tasks/?page_size=10"
    settings = "config.settings"
    migrations = "tasks.migrations"

    @property
    def environment(self) -> Mapping[str, str]:
        return os.environ

    @property
    def database(self) -> str:
        return urlsplit(os.environ["DATABASE_OWNER_URL"]).path.removeprefix("/")

    def prepare(self) -> None:
        self.migrate()

    @contextmanager
    def serving(self, folder: Path) -> Iterator[Server]:
        with serving(1, folder) as server:
            yield server


SYSTEMS: tuple[System, ...] = (
    Ours("this project", "ours"),
    System("django-tenants", "schemas", migrate_command=("migrate_schemas", "--executor=multiprocessing")),
    System("django-multitenant", "multitenant"),
    System("plain Django", "plain"),
)


def peer_versions() -> str:
    """Return the versions of the packages that are compared, and of what serves them."""
    names = ["django-tenants", "django-multitenant", "Django", "djangorestframework", "psycopg", "gunicorn"]
    program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    command = [str(PYTHON), "-c", program, *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # constants
    return ", ".join(f"{name} {version}" for name, version in zip(names, done.stdout.split(), strict=True))

"""Users of the embedded servers, as separate processes, and the state of the running servers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, Self

import boto3
import psycopg
import redis
from botocore.config import Config

from config.services import SERVERS
from config.services.server import ask
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL", "REDIS_URL", "SECRET_KEY")
# With these set, only Redis is started: for tests that need any one of the servers.
ONLY_REDIS = {"DATABASE_URL": "postgres://elsewhere/db", "S3_ENDPOINT_URL": "http://elsewhere"}
HALF_MADE = Path("postgresql.new-abc", "data")
USE_UNTIL_STDIN_ENDS = """
import json, os, signal, sys
# As in a terminal: a job in the background, or under nohup, would ignore two of these, and its children too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from config import services
services.ensure(owner={owner})
print(json.dumps(dict(os.environ)), flush=True)
sys.stdin.read()
"""


def surroundings(data: Path, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith("S3_")}
    return kept | {"DATA_DIR": str(data), "PYTHONPATH": str(ROOT)} | extra


def run_python(code: str, data: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings(data, **extra),
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


class User:
    """A process that uses the servers until it leaves or is killed; `environ` is its environment."""

    def __init__(
        self,
        data: Path,
        extra: Mapping[str, str] | None = None,
        *,
        owner: bool = True,
        code: str = USE_UNTIL_STDIN_ENDS,
    ) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-c", code.replace("{owner}", str(owner))],
            env=surroundings(data, **(extra or {})),
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @cached_property
    def environ(self) -> dict[str, str]:
        assert self.process.stdout
        environ: dict[str, str] = json.loads(self.process.stdout.readline())
        return environ

    def __enter__(self) -> Self:
        assert self.environ
        return self

    def leave(self) -> int:
        self.process.communicate()
        return self.process.returncode

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environ["REDIS_URL"])

    def sql(self, statement: LiteralString, *, url: str = "DATABASE_OWNER_URL") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environ[url]) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @cached_property
    def s3(self) -> Any:
        return self.s3_with(self.environ["S3_ACCESS_KEY"], self.environ["S3_SECRET_KEY"])

    def s3_with(self, access_key: str, secret_key: str) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.environ["S3_ENDPOINT_URL"],
            region_name=self.environ["S3_REGION"],
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )


def state(data: Path, server: str) -> tuple[int, int]:
    """Return process id and port of a running server."""
    pid, port = (data / f"{server}.lock").read_text().split()
    return int(pid), int(port)


def is_alive(pid: int) -> bool:
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(status.strip()) and not status.startswith("Z")  # an orphan is a zombie until init collects it


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def running(data: Path) -> list[str]:
    states = {server.name: state(data, server.name) for server in SERVERS if (data / f"{server.name}.lock").exists()}
    return [name for name, (pid, port) in states.items() if is_alive(pid) or ask(port, b"\n\n")]


def stop_left_over(data: Path) -> None:
    subprocess.run([sys.executable, "-m", "config.services", "stop"], env=surroundings(data), cwd=ROOT, check=True)

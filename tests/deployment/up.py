"""`docker compose up` without Docker: the same commands, variables, health checks and order, taken from the files.

Replaced is only what a container has for itself: host names and ports, programs, and the root of its file system.
"""

import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from config.services.files import make_reachable
from config.services.postgresql import PostgreSQL
from config.services.redis_server import Redis
from config.services.s3 import S3
from config.services.server import SYSTEM_PATH, wait_until
from tests.deployment.compose import ROOT, Service, services
from tests.deployment.dockerfile import Stage, is_ignored
from tests.deployment.installation import environment_with

HEALTHY_SECONDS = 120  # a tenth of it, where the machine has nothing else to do
STOP_SECONDS = 15

# Where each service listens in its container.
PORTS = {
    "db": "5432",
    "pgbouncer": "6432",
    "redis": "6379",
    "broker": "6379",
    "s3": "9000",
    "web": "8000",
    "relay": "9100",
}

# {service: why it cannot be started here}
LEFT_OUT = {"mailpit": "no package registry has the program; the others only need it to send mail"}


class Stack:
    """The services, in `folder`, which all users may enter. `processes` are those that run or ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services = {name: it for name, it in services().items() if "profiles" not in it.definition}
        self.ports = {name: _free_port() for name in PORTS}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        tools, wheels = PostgreSQL(folder), folder / "wheels"
        wheels.mkdir()
        # As in the image: with the packages of the application, without development packages.
        self.programs = {
            "python": str(environment_with("requirements.txt", folder / "venv")),
            **{name: str(tools.tool(name)) for name in ("initdb", "postgres", "psql", "pg_isready")},
            "redis-cli": str(_redis_client(folder, server=Redis(wheels).program())),
            "rclone": str(S3(wheels).program()),
        }

    def start_all(self) -> None:
        """Return when all services are healthy. Raises RuntimeError with the log of an unhealthy service."""
        for name in self.services:
            self.start(name)
        for name in self.processes:
            if self.services[name].health_check:
                self._wait(name, "service_healthy")

    def start(self, name: str) -> None:
        """Start a service as soon as those are ready that it depends on, unless it was started before."""
        if name in self.processes or name in LEFT_OUT:
            return
        service = self.services[name]
        for other, condition in service.depends_on.items():
            self.start(other)
            self._wait(other, condition)
        if service.stage:
            self._build(service, service.stage)
        if name == "db":
            self._make_database(service)
        self._run_service(service)
        if name == "db":
            self._run_first_scripts(service)

    def stop(self) -> None:
        """End every process, the last one first."""
        for name in reversed(self.processes):
            self._end(name)

    def restart(self, name: str) -> int:
        """Restart a service like `docker compose restart`, and return the exit status of the ended process."""
        status = self._end(name)
        self._run_service(self.services[name])
        if self.services[name].health_check:
            self._wait(name, "service_healthy")
        return status

    def restart_ended(self) -> list[str]:
        """Restart ended services according to their restart policy; return their names."""
        ended = [
            name
            for name, process in self.processes.items()
            if process.poll() is not None and self.services[name].definition.get("restart") == "unless-stopped"
        ]
        for name in ended:
            self._run_service(self.services[name])
        return ended

    def _run_service(self, service: Service) -> None:
        sockets = ["-c", f"unix_socket_directories={self._root(service)}"] if service.name == "db" else []
        self.processes[service.name] = self._run(service, [*service.command, *sockets])

    def _end(self, name: str) -> int:
        """End a process with the signal of its image; when it does not go, it is killed, with its children."""
        process, service = self.processes[name], self.services[name]
        # The image of PostgreSQL uses SIGINT too: SIGTERM would wait for the clients.
        default = "SIGINT" if name == "db" else "SIGTERM"
        process.send_signal(signal.Signals[(service.stage and service.stage.last("STOPSIGNAL")) or default])
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def variable(self, service: str, name: str) -> str:
        """Return an environment variable of a service, as its process sees it."""
        return self._environment(self.services[service])[name]

    def execute(self, name: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command beside a service, as `docker compose exec` or a health check does."""
        return self._execute(self.services[name], command, self._root(self.services[name]), seconds=60)

    def run_tests(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest in the checkout, on these servers, as `docker compose run --rm test` does."""
        service = services()["test"]
        self._root(service).mkdir(exist_ok=True)
        return self._execute(service, [sys.executable, *service.command[1:], *arguments], ROOT, seconds=600)

    def _execute(
        self, service: Service, command: Sequence[str], folder: Path, *, seconds: int
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._words(service, command),
            cwd=folder,
            env=self._environment(service),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    # Docker's part

    def _wait(self, name: str, condition: str) -> None:
        if name in LEFT_OUT:
            return
        process, service = self.processes[name], self.services[name]
        if condition == "service_completed_successfully":
            reached = process.wait(HEALTHY_SECONDS) == 0
        else:
            check = service.health_check
            reached = self._soon(name, lambda: self.execute(name, check).returncode == 0)
        if not reached:
            raise RuntimeError(f"{name} is not {condition}:\n{self.log(name)[-4000:]}")

    def _soon(self, name: str, condition: Callable[[], bool]) -> bool:
        process = self.processes[name]
        wait_until(lambda: process.poll() is not None or condition(), HEALTHY_SECONDS)
        return process.poll() is None and condition()

    def _build(self, service: Service, stage: Stage) -> None:
        """Copy the files of the image from the checkout, and run the build commands."""
        root = self._root(service)
        if (root / "built").exists():
            return
        root.mkdir()
        for sources, destination in stage.copies():
            for source in sources:
                copy = root / (destination if destination != "./" else source).removeprefix("/")
                copy.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, copy, ignore=_ignored)
                else:
                    shutil.copy(ROOT / source, copy)
        environment = {**stage.environment(), "PATH": f"{Path(self.programs['python']).parent}:{os.defpath}"}
        for command in stage.all("RUN"):
            for place in re.findall(r"mkdir -p (/\S+)", command):
                Path(f"{root}{place}").mkdir(parents=True)
            if command.startswith("python manage.py"):
                subprocess.run(["sh", "-c", command], cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)
        (root / "built").touch()

    def _run(self, service: Service, command: Sequence[str]) -> subprocess.Popen[bytes]:
        root = self._root(service)
        root.mkdir(exist_ok=True)
        self._mount(service, root)
        user = _unprivileged_user_id() if service.name in ("db", "pgbouncer") else None  # these refuse to be root
        if user:
            os.chown(root, user, -1)
        with open(self.folder / f"{service.name}.log", "ab") as log:
            return subprocess.Popen(
                self._words(service, command),
                cwd=root,
                env=self._environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                extra_groups=[] if user else None,
                start_new_session=True,
            )

    def _mount(self, service: Service, root: Path) -> None:
        """Put the scripts there that the service gets from the checkout."""
        for mount in service.definition.get("volumes", []):
            source, place = mount.split(":")[:2]
            if place.startswith("/docker/"):
                (root / "docker").mkdir(exist_ok=True)
                shutil.copy(ROOT / source, f"{root}{place}")

    # PostgreSQL's image: its entry point makes the database when the volume is new

    def _make_database(self, service: Service) -> None:
        root = self._root(service)
        root.mkdir()
        for name in ("initdb", "postgres"):
            if user := _unprivileged_user_id():
                make_reachable(Path(self.programs[name]), uid=user)
        password, environment = root / "password", service.environment
        password.write_text(environment["POSTGRES_PASSWORD"])
        password.chmod(0o644)
        options = shlex.split(environment["POSTGRES_INITDB_ARGS"])
        access = ["--username=postgres", f"--pwfile={password}", "--auth-local=trust", "--auth-host=scram-sha-256"]
        made = self._run(service, ["initdb", "-D", str(root / "data"), *access, *options])
        if made.wait(HEALTHY_SECONDS):
            raise RuntimeError(self.log("db"))

    def _run_first_scripts(self, service: Service) -> None:
        def psql(*arguments: str) -> subprocess.CompletedProcess[str]:
            client = ["psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-h", str(self._root(service)), "-U", "postgres"]
            return self.execute("db", [*client, "-p", PORTS["db"], "-d", "postgres", *arguments])

        assert self._soon("db", lambda: psql("-c", "SELECT 1").returncode == 0), self.log("db")
        for mount in service.definition["volumes"]:
            source, _, place = mount.partition(":")
            if place.startswith("/docker-entrypoint-initdb.d/"):
                done = psql("-f", str(ROOT / source))
                assert done.returncode == 0, done.stdout

    # What is replaced

    def _root(self, service: Service) -> Path:
        image = service.stage.name if service.stage else service.name
        return self.folder / f"{image}-root"

    def _environment(self, service: Service) -> dict[str, str]:
        image = service.stage.environment() if service.stage else {}
        whole = {name: self._here(service, text) for name, text in (image | service.environment).items()}
        root = self._root(service)
        container = {"PGDATA": str(root / "data"), "TMPDIR": str(root), "HOME": str(root)}
        return whole | container | {"PATH": f"{SYSTEM_PATH}:{Path(self.programs['redis-cli']).parent}"}

    def _words(self, service: Service, command: Sequence[str]) -> list[str]:
        program, *arguments = command
        return [self.programs.get(program, program), *(self._here(service, word) for word in arguments)]

    def _here(self, service: Service, text: str) -> str:
        """Return a word of a command, or a variable, with this machine's addresses and paths in it."""
        for name, port in PORTS.items():
            here = str(self.ports[name])
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{here}")
            text = text.replace(f"localhost:{port}", f"localhost:{here}")  # published, for browsers
            text = text.replace(f"host={name} port={port}", f"host=127.0.0.1 port={here}")
        if own := PORTS.get(service.name):
            text = re.sub(rf"\b{own}\b", str(self.ports[service.name]), text)
        root = str(self._root(service))
        for path in ("/docker/", "/buckets"):  # of our own images
            if text.startswith(path):
                text = root + text
        return text.replace("/tmp/heartbeat", f"{root}/heartbeat").replace("0.0.0.0", "127.0.0.1")


def _redis_client(folder: Path, *, server: Path) -> Path:
    """Make a `redis-cli` that knows `-p PORT ping`, as health checks ask: the wheel of Redis has the server alone."""
    program = folder / "redis-cli"
    (folder / "redis-server").symlink_to(server)  # which a script calls
    program.write_text(
        f"#!{sys.executable}\nimport os, sys, redis\n"
        "redis.Redis(port=int(sys.argv[2]), password=os.environ['REDISCLI_AUTH']).ping()\n"
    )
    program.chmod(0o755)
    return program


def _unprivileged_user_id() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _ignored(folder: str, names: list[str]) -> set[str]:
    place = Path(folder).relative_to(ROOT)
    return {name for name in names if is_ignored((place / name).as_posix())}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A PgBouncer for tests, in transaction mode, in front of the PostgreSQL server of a URL."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config.pytest_plugin import find_program
from config.services.server import wait_until
from tests.waiting import PATIENCE

UNPRIVILEGED = "nobody"  # PgBouncer refuses to be root; it reads its files before it changes

# server_idle_timeout: a database cannot be dropped while the pooler is connected to it, and DROP DATABASE waits for
# five seconds. query_wait_timeout: in the suites, a test that needs more connections than there are fails soon.
SETTINGS = """
[databases]
* = host={host} port={server_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
min_pool_size = 0
reserve_pool_size = 0
max_client_conn = 300
server_idle_timeout = 1
query_wait_timeout = {wait}
"""


@contextmanager
def pooled(url: str, *, size: int, folder: Path, wait: int = 10) -> Iterator[str]:
    """Run a PgBouncer with at most `size` connections to each database, and yield `url` with its address.

    `folder` takes its files, the password of the URL among them. A query waits at most `wait` seconds for its turn.
    """
    server, port = urlsplit(url), _free_port()
    log, settings, users = folder / "pgbouncer.log", folder / "pgbouncer.ini", folder / "pgbouncer.users"
    users.touch(mode=0o600)
    users.write_text(f'"{unquote(server.username or "")}" "{unquote(server.password or "")}"\n')
    settings.write_text(
        SETTINGS.format(
            host=server.hostname, server_port=server.port or 5432, port=port, users=users, size=size, wait=wait
        )
    )
    as_root = ["-u", UNPRIVILEGED] if os.geteuid() == 0 else []
    command = [str(find_program("pgbouncer")), *as_root, str(settings)]
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        if not wait_until(lambda: process.poll() is not None or _answers(port), PATIENCE) or process.poll():
            raise RuntimeError(f"PgBouncer did not start:\n{log.read_text()}")
        yield server._replace(netloc=f"{server.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
    finally:
        process.send_signal(signal.SIGINT)  # SIGTERM waits for clients from 1.23 on
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def with_database(url: str, name: str) -> str:
    """Return `url` with another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def without_pytest(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that is no worker of the pytest that starts it, nor has its settings."""
    of_pytest = ("PYTEST_", "DJANGO_TEST", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in environment.items() if not name.startswith(of_pytest)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""`python -m config.demo`, as `make demo` runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from config.demo import MOST_RESTARTS, processes, without_rights
from tests.config.embedded import ROOT, eventually, running, stop_left_over, surroundings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    yield folder
    stop_left_over(folder)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def demo(data: Path, port: int | str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "config.demo"],
        env=surroundings(data, PORT=str(port)),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for_log_ins(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    text = ""
    for line in process.stdout:
        text += line
        if "Ctrl-C" in line:
            break
    return text


def worker(process: subprocess.Popen[str]) -> int | None:
    """Return the process id of the worker, None while there is none."""
    words = ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="]
    listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return next((int(pid) for pid, parent, words in rows if int(parent) == process.pid and " worker " in words), None)


def test_demo_serves_pages_until_ctrl_c_and_leaves_nothing_behind(data: Path, port: int) -> None:
    with demo(data, port) as process:
        log_ins = wait_for_log_ins(process)
        children = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        started = [int(row.split()[0]) for row in children.splitlines() if int(row.split()[1]) == process.pid]
        environments = [text for text in map(environment_of, started) if "DATABASE_URL=" in text]
        assert len(environments) >= 4  # web server, relay, worker, beat
        assert not [text for text in environments if "DATABASE_OPERATOR_URL" in text or "DATABASE_OWNER_URL" in text]
        assert f"http://tenant-0.localhost:{port}/" in log_ins
        assert "owner@tenant-0.example.com" in log_ins
        page = httpx.get(
            f"http://127.0.0.1:{port}/auth/login/", headers={"Host": f"tenant-0.localhost:{port}"}, timeout=60
        )
        assert page.status_code == 200
        # A command beside it prints links with its port.
        made = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "createtenant",
                f"p{port}",
                "--name",
                "Initech",
                "--owner",
                "peter@example.com",
            ],
            env=surroundings(data),
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=False,
        )
        assert f"http://p{port}.localhost:{port}/" in made.stdout, made
        for _ in range(3):  # as `make` forwards the signal of the terminal
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")
    assert running(data) == []


def test_servers_get_no_connection_of_roles_that_see_all_tenants() -> None:
    given = {"DATABASE_URL": "app", "DATABASE_OWNER_URL": "owner", "DATABASE_OPERATOR_URL": "operator", "PATH": "/"}
    for process in processes(8000, without_rights(given), reload=False):
        assert process.environment == {"DATABASE_URL": "app", "PATH": "/"}, process.name


def environment_of(pid: int) -> str:
    return subprocess.run(
        ["ps", "eww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


def test_process_that_ends_is_restarted_until_it_ends_too_often(data: Path, port: int) -> None:
    with demo(data, port) as process:
        wait_for_log_ins(process)
        killed: set[int] = set()
        for _ in range(MOST_RESTARTS + 1):
            assert eventually(lambda: worker(process) not in {None, *killed})
            pid = worker(process)
            assert pid
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        _, errors = process.communicate()
        assert process.returncode == 1
        assert errors.count("The worker ended with -9 and is started again.") == MOST_RESTARTS
        assert "The worker ends again and again, this time with -9." in errors
    assert eventually(lambda: running(data) == [])


def test_a_busy_port_is_a_clear_error(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_user:
        port = other_user.getsockname()[1]
        with demo(data, port) as process:
            _, errors = process.communicate()
    assert process.returncode == 2
    assert f"Port {port} on 127.0.0.1 cannot be used" in errors
    assert f"make demo PORT={port + 1}" in errors


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_invalid_port_is_a_clear_error(data: Path, port: str) -> None:
    with demo(data, port) as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert f"PORT is '{port}', which is no port" in errors

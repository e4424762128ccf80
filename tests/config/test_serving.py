"""Several web processes on one port, and the options of their sockets."""

import multiprocessing
import os
import socket
import time

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.startup import explained, set_nodelay
from tests.isolation.live import running_web_process
from tests.waiting import PATIENCE


def nodelay(connection):
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def listening_socket(proto):
    """Return one as asyncio creates it (IPPROTO_TCP), or as `uvicorn --workers` does (0)."""
    created = socket.socket(socket.AF_INET, socket.SOCK_STREAM, proto)
    created.bind(("127.0.0.1", 0))
    created.listen()
    return created


def test_nodelay_is_set_on_a_socket_that_listens_later():
    """`uvicorn --workers --port` binds it, starts the processes, and they listen."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        assert listening.fileno() in set_nodelay()
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as connection:
            assert nodelay(connection)


@pytest.mark.parametrize("proto", [0, socket.IPPROTO_TCP])
def test_nodelay_is_set_on_listening_sockets_and_inherited_by_connections(proto):
    with listening_socket(proto) as listening:
        assert listening.fileno() in set_nodelay()
        assert nodelay(listening)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as connection:
            assert nodelay(connection)


def test_nodelay_is_not_set_on_other_sockets_and_no_descriptor_is_closed():
    with listening_socket(0) as listening, socket.create_connection(listening.getsockname()) as client:
        before = set(os.listdir("/dev/fd"))
        assert client.fileno() not in set_nodelay()
        assert not nodelay(client)
        assert set(os.listdir("/dev/fd")) == before


def test_connections_of_two_processes_have_nodelay(tmp_path):
    """Without it, 50 health checks on a kept-alive connection take two seconds: 40 ms each."""
    found = {}
    deadline = time.monotonic() + PATIENCE
    options = {"APPLICATION": "tests.config.socket_options:application", "WEB_CONCURRENCY": "2"}
    with running_web_process(os.environ["DATABASE_URL"], tmp_path / "web.log", connections=2, **options) as (url, _):
        while len(found) < 2:  # the kernel chooses the process that accepts a connection
            assert time.monotonic() < deadline, "One process accepted every connection."
            with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
                answer = client.get("/socket").json()
                found[answer["pid"]] = answer["nodelay"]
                assert [client.get("/healthz").status_code for _ in range(50)] == [200] * 50
                assert client.get("/socket").json() == answer
    assert list(found.values()) == [True, True]


def test_invalid_settings_end_a_child_process_with_the_status_that_stops_its_parent(monkeypatch, capsys):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    with pytest.raises(SystemExit) as ended, explained():
        raise ImproperlyConfigured("PORT: 'x' is not a whole number.")
    assert ended.value.code == 3
    assert capsys.readouterr().err == "Not started. PORT: 'x' is not a whole number.\n"

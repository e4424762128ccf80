"""The lifetime of embedded servers, and their recovery from crashes, with real servers."""

import fcntl
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from config.services import SERVERS
from tests.config.embedded import (
    HALF_MADE,
    ONLY_REDIS,
    USE_UNTIL_STDIN_ENDS,
    User,
    is_alive,
    run_python,
    running,
    state,
)

# From the first user to the last


def test_the_last_user_leaves_no_server_behind(data_dir: Path) -> None:
    with User(data_dir):
        assert running(data_dir) == ["s3", "redis", "postgresql"]
    assert running(data_dir) == []


def test_a_second_start_finds_the_data_at_the_same_addresses(data_dir: Path) -> None:
    with User(data_dir) as user:
        user.sql("CREATE TABLE stopped AS SELECT 1 AS number")
        user.redis().set("kept", "1")
        user.s3.put_object(Bucket="commonhold", Key="kept", Body=b"1")
    with User(data_dir) as again:
        assert again.environ == user.environ
        assert again.sql("SELECT number FROM stopped") == [(1,)]
        assert again.redis().get("kept") == b"1"
        assert again.s3.get_object(Bucket="commonhold", Key="kept")["Body"].read() == b"1"


def test_the_first_of_two_users_to_leave_does_not_stop_the_servers(empty_dir: Path) -> None:
    first = User(empty_dir, ONLY_REDIS)
    with User(empty_dir, ONLY_REDIS) as second:
        assert first.environ["REDIS_URL"] == second.environ["REDIS_URL"]
        server = state(empty_dir, "redis")
        first.leave()
        assert second.redis().ping()
        assert state(empty_dir, "redis") == server
    assert running(empty_dir) == []


def test_the_last_user_stops_servers_that_it_did_not_want_itself(data_dir: Path) -> None:
    with User(data_dir) as everything:
        with User(data_dir, ONLY_REDIS):
            everything.process.kill()
            everything.process.wait(60)
            assert running(data_dir) == ["s3", "redis", "postgresql"]
        assert running(data_dir) == []


def test_servers_of_a_killed_user_are_adopted_and_then_stopped(data_dir: Path) -> None:
    with User(data_dir) as victim:
        victim.process.kill()
        victim.process.wait(60)
        servers = [state(data_dir, server.name) for server in SERVERS]
        with User(data_dir) as heir:
            assert [state(data_dir, server.name) for server in SERVERS] == servers
            assert heir.redis().ping()
    assert running(data_dir) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_terminated_user_stops_the_servers(empty_dir: Path, number: signal.Signals) -> None:
    with User(empty_dir, ONLY_REDIS) as user:
        user.process.send_signal(number)
        assert user.process.wait(60) == -signal.SIGINT  # as Ctrl-C ends Python
        assert running(empty_dir) == []


def test_children_that_outlive_a_user_do_not_keep_the_servers_alive(empty_dir: Path) -> None:
    children = """
import json, os, subprocess, sys
from config import services
services.ensure(owner=True)
spawned = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL).pid
forked = os.fork()
if not forked:
    os.close(1)
    os.read(os.pipe()[0], 1)
print(json.dumps({"spawned": spawned, "forked": forked}), flush=True)
sys.stdin.read()
"""
    with User(empty_dir, ONLY_REDIS, code=children) as user:
        user.leave()
        assert [is_alive(pid) for pid in user.environ.values()] == [True, True]  # type: ignore[arg-type]
        for pid in user.environ.values():
            os.kill(int(pid), signal.SIGKILL)
        assert running(empty_dir) == []


def test_users_that_come_and_go_at_once_never_find_a_dead_server(empty_dir: Path) -> None:
    come_and_go = """
from config.services import data_dir
from config.services.lifetime import Hold
from config.services.redis_server import Redis
for _ in range(3):
    server = Redis(data_dir())
    hold = Hold(data_dir(), wanted=[server], known=[server])
    assert server.answers(0, server.port())
    hold.release()
"""
    users = [User(empty_dir, ONLY_REDIS, code=come_and_go) for _ in range(4)]
    assert [user.leave() for user in users] == [0] * 4
    assert running(empty_dir) == []


# Recovery


def test_killed_servers_come_back_with_their_data(data_dir: Path) -> None:
    with User(data_dir) as user:
        user.sql("CREATE TABLE killed AS SELECT 1 AS number")
        user.redis().set("killed", "1")
        for server in ("postgresql", "redis"):
            os.kill(state(data_dir, server)[0], signal.SIGKILL)
        with User(data_dir) as other:
            assert other.sql("SELECT number FROM killed") == [(1,)]
            assert other.redis().get("killed") == b"1"


def test_a_hanging_server_is_replaced(empty_dir: Path) -> None:
    with User(empty_dir, ONLY_REDIS):
        os.kill(state(empty_dir, "redis")[0], signal.SIGSTOP)
        impatient = "from config.services import server; server.START_SECONDS = 1\n" + USE_UNTIL_STDIN_ENDS
        with User(empty_dir, ONLY_REDIS, code=impatient) as other:
            assert other.redis().ping()


def test_process_id_reused_by_another_process_is_ignored(data_dir: Path) -> None:
    owner = (data_dir / "postgresql").stat().st_uid
    unrelated = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    for server in SERVERS:
        (data_dir / f"{server.name}.lock").write_text(f"{unrelated.pid} {state(data_dir, server.name)[1]}\n")
    (data_dir / "postgresql" / "postmaster.pid").write_text(
        f"{unrelated.pid}\n{data_dir / 'postgresql'}\n1\n5432\n\n\n\n"
    )
    with User(data_dir) as user:
        assert user.sql("SELECT 1") == [(1,)]
    assert unrelated.poll() is None
    assert running(data_dir) == []
    unrelated.kill()
    unrelated.wait(60)


def test_a_server_whose_process_id_was_lost_is_reported_and_nothing_is_killed(empty_dir: Path) -> None:
    empty_dir.mkdir()
    with open(empty_dir / "redis.lock", "wb") as lock:  # its starter was killed before it wrote the id
        fcntl.flock(lock, fcntl.LOCK_EX)
        impatient = (
            "from config.services import lifetime, server; lifetime.STOP_SECONDS = server.START_SECONDS = 0.1\n"
        )
        failed = run_python(impatient + USE_UNTIL_STDIN_ENDS.replace("{owner}", "True"), empty_dir, **ONLY_REDIS)
        assert "Redis does not stop. End the process that has" in failed.stderr


def test_another_port_is_chosen_when_the_last_one_is_taken(data_dir: Path) -> None:
    ports = {server.name: state(data_dir, server.name)[1] for server in SERVERS}
    takers = [socket.create_server(("127.0.0.1", port)) for port in ports.values()]
    with User(data_dir) as user:
        assert user.redis().ping()
        assert user.sql("SELECT 1") == [(1,)]
        assert user.s3.list_buckets()["Buckets"]
        assert all(state(data_dir, name)[1] != port for name, port in ports.items())
    for taker in takers:
        taker.close()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(first_start: Path) -> None:
    assert (first_start / "postgresql" / "PG_VERSION").exists()
    assert not (first_start / HALF_MADE).exists()

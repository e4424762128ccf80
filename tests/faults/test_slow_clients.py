"""A request that waits for its client holds no database connection, body slot or worker slot."""

import asyncio
import io
import json
import os
import socket
from uuid import uuid4

import httpx
import pytest
from django.db import connection

from accounts.models import AuditEntry
from config.services.server import wait_until
from tasks.actions.tasks import create_task
from tasks.models import Attachment, Task
from tenancy.context import tenant_context
from tests.accounts.live.clients import PROTOCOL, make_office, port_of
from tests.faults.slow_clients import half_a_body, half_a_head, no_reading, slow_clients
from tests.isolation.live import connections_of, running_web_process
from tests.pooler.pgbouncer import with_database
from tests.projects.offices import make_project
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, CONNECTIONS = 32, 4
PART = b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def web(tmp_path):
    """A web process in which no request waits for a connection for longer than twenty seconds: that would be a 503.

    Clients that hold one hold it for longer. A slow machine may need some seconds for those that work.
    """
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    log = tmp_path / "web.log"
    with running_web_process(url, log, connections=CONNECTIONS, wait=20, API_RATE_LIMITS="0") as (address, _process):
        yield port_of(address)


@pytest.fixture
def office(web):
    """An account with long responses: lists, exports and files do not fit into the network buffers."""
    office = make_office(web)
    office.tenant.media_access = "proxied"
    office.tenant.save()
    project = make_project(office)
    with tenant_context(office.tenant):
        status = project.statuses.first()
        Task.objects.bulk_create(
            Task(
                project=project,
                status=status,
                number=number,
                rank=f"a{number:04}",
                title="x",
                description="x" * 40_000,
            )
            for number in range(1, 201)
        )
        AuditEntry.objects.bulk_create(
            AuditEntry(action="test", actor_email="", object_id=uuid4(), data={"long": "x" * 10_000})
            for _ in range(1_200)
        )
        office.task = Task.objects.select_related("project").first()
    office.file = send_file(office)
    return office


def send_file(office):
    """Attach a file of eight megabytes, and return its id."""
    answer = httpx.post(
        f"http://127.0.0.1:{office.port}/api/v1/attachments/upload/",
        data={"task": str(office.task.pk)},
        files={"file": ("large.bin", io.BytesIO(bytes(8 * 2**20)))},
        headers={"Host": office.host, **bearer(office, "owner")},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    with tenant_context(office.tenant):
        Attachment.objects.update(state="ready")
    return answer.json()["id"]


def bearer(office, role):
    return {"Authorization": f"Bearer {office.token(role)}"}


def credentials(office, role, *, page):
    """Return the headers of a visitor; those of an anonymous client are invented."""
    if role is None:
        return {"Cookie": f"sessionid={'a' * 32}; csrftoken={'b' * 32}"} if page else {}
    return {"Cookie": office.cookie(role)} if page else bearer(office, role)


def ways_of(office, kind, role):
    """Return how the clients of a kind of endpoint are slow."""
    host, page, api = office.host, credentials(office, role, page=True), credentials(office, role, page=False)
    download, upload = f"/api/v1/attachments/{office.file}/download/", "/api/v1/attachments/upload/"
    key = office.task.key
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==",
        "Sec-WebSocket-Protocol": ", ".join([PROTOCOL] + ([f"bearer.{office.token(role)}"] if role else [])),
    }
    return {
        "page": [
            half_a_head(host, "/"),
            half_a_body(host, f"/tasks/{key}/move/", page | FORM),
            no_reading(host, "/", page),
        ],
        "API": [
            half_a_body(host, "/api/v1/tasks/", api | JSON),
            no_reading(host, "/api/v1/tasks/?page_size=200", api),
        ],
        "upload": [
            half_a_body(host, upload, api | MULTIPART, begin=PART),
            half_a_body(host, f"/tasks/{key}/attachments/", page | MULTIPART, begin=PART),
            half_a_body(host, "/settings/pictures/avatar/", page | MULTIPART, begin=PART),
        ],
        "download": [half_a_head(host, download), no_reading(host, download, api)],
        "export": [no_reading(host, "/api/v1/audit/export/", api)],
        "socket": [half_a_head(host, "/ws/", headers=handshake), no_reading(host, "/ws/", handshake)],
        "login": [
            half_a_body(host, "/auth/login/", page | MULTIPART, begin=PART),
            half_a_body(host, "/auth/login/", page | FORM, begin=b"csrfmiddlewaretoken="),
            half_a_body("localhost", "/auth/login/", page | MULTIPART, begin=PART),
            half_a_body("localhost", "/api/v1/auth/token/", JSON),
        ],
    }[kind]


VISITORS = [
    *((kind, None) for kind in ("login", "page", "API", "upload", "download", "export", "socket")),
    *((kind, "viewer") for kind in ("API", "download", "upload", "page", "login", "socket")),
    ("upload", "member"),
    ("export", "owner"),
]


def test_slow_clients_do_not_delay_another_account(web, office):
    """32 slow clients on each kind of endpoint: the process stays ready and another account gets its page."""
    other = make_office(web)

    async def scene():
        found = {}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web}", timeout=60, trust_env=False) as ask:
            for visitor, ways in plans.items():
                async with slow_clients(web, [ways[number % len(ways)] for number in range(CLIENTS)]) as clients:
                    found[visitor] = await look(ask, clients)
        return found

    async def look(ask, clients):
        statuses = set()
        for _ in range(3):
            for client in clients:
                client.go_on()
            for path, headers in (
                ("/readyz", {}),
                ("/", {"Host": other.host, "Cookie": cookie}),
                ("/api/v1/tasks/", {"Host": other.host, **headers_of_other}),
            ):
                statuses.add((path, (await ask.get(path, headers=headers)).status_code))
        return statuses

    plans = {(kind, role): ways_of(office, kind, role) for kind, role in VISITORS}
    cookie, headers_of_other = other.cookie(), bearer(other, "member")
    served = {(path, 200) for path in ("/readyz", "/", "/api/v1/tasks/")}
    assert asyncio.run(scene()) == dict.fromkeys(VISITORS, served)


def test_anonymous_clients_and_viewers_take_no_upload_slot(web, office):
    ways = [*ways_of(office, "upload", None), *ways_of(office, "upload", "viewer")[:2]] * 8

    async def scene():
        async with slow_clients(web, ways):
            return await asyncio.to_thread(send_file, office)

    assert asyncio.run(scene())


# Refused bodies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(tmp_path):
    """A web process that waits for a client for a second."""
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    options = {"connections": CONNECTIONS, "APPLICATION": "tests.faults.short_timeouts:application"}
    with running_web_process(url, tmp_path / "web.log", **options) as (address, process):
        yield address, process


def ask(address, way):
    """Send the request of a slow client; return status, head and body of the response until the disconnect."""
    with socket.create_connection(("127.0.0.1", port_of(address)), timeout=PATIENCE) as client:
        client.sendall(way.text)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode().lower(), body


@pytest.mark.parametrize(
    ("length", "status", "code", "title"),
    [(10**9, 413, "too_large", "Request too large"), (10**6, 408, "too_slow", "Request timeout")],
)
def test_body_that_is_too_large_or_too_slow_is_refused_and_disconnected(impatient, length, status, code, title):
    """The body of each is never there. The last byte of the answer comes with the end of the connection."""
    address, _process = impatient
    for host in ("localhost", "acme.localhost", "nowhere.example"):
        found, head, body = ask(address, half_a_body(host, "/api/v1/auth/token/", JSON, length=length))
        assert (found, json.loads(body)["code"]) == (status, code)
        assert "connection: close" in head
        found, head, body = ask(address, half_a_body(host, "/auth/login/", FORM, length=length))
        assert found == status
        assert title in body.decode()
        assert "content-security-policy" in head


def test_client_that_does_not_read_is_cut_off(impatient):
    address, process = impatient
    office = make_office(port_of(address))
    office.tenant.media_access = "proxied"
    office.tenant.save()
    project = make_project(office)
    office.task = office.act(create_task, project=project, title="x")
    office.file = send_file(office)
    before = connections_of(process, office.port)
    ways = [no_reading(office.host, f"/api/v1/attachments/{office.file}/download/", bearer(office, "viewer"))] * 3

    async def scene():
        async with slow_clients(office.port, ways):
            return await asyncio.to_thread(
                wait_until, lambda: connections_of(process, office.port) <= before, PATIENCE
            )

    assert asyncio.run(scene())

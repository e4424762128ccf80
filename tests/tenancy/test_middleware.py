"""The tenant is active during the request and its streamed body, and not longer."""

import asyncio
import json

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient

from projects.models import Project
from tenancy.context import NOTHING, get_scope, tenant_context

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]


@pytest.fixture(autouse=True)
def projects(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            for number in range(3):
                Project.objects.create(key=f"P{number}", name=f"{tenant.slug}{number}")


class HostClient(AsyncClient):
    """Django's client sends `Host: testserver` besides the given host, which is a malformed request."""

    def __init__(self, slug):
        super().__init__()
        self.host = f"{slug}.localhost".encode()

    def _base_scope(self, **request):
        scope = super()._base_scope(**request)
        others = [header for header in scope["headers"] if header[0] != b"host"]
        return {**scope, "headers": [(b"host", self.host), *others]}


def test_no_tenant_is_active_after_a_request(client, acme):
    client.at(acme).get("/echo/")
    assert get_scope() == NOTHING


def test_no_tenant_is_active_after_a_failed_request(client, acme):
    ours = client.at(acme)
    ours.raise_request_exception = False
    assert ours.get("/explode/").status_code == 500
    assert get_scope() == NOTHING


def test_a_request_does_not_inherit_what_was_active(client, acme, globex):
    with tenant_context(globex):
        assert client.at(acme).get("/echo/").json()["tenant"] == "acme"
        assert client.at(None).get("/echo/").json()["tenant"] is None


def test_streamed_bodies_stay_with_their_tenant(client, acme, globex):
    bodies = [iter(client.at(tenant).get("/stream/").streaming_content) for tenant in (acme, globex)]
    mixed = [[next(body) for body in bodies] for _ in range(3)]
    assert mixed == [[b"acme0;", b"globex0;"], [b"acme1;", b"globex1;"], [b"acme2;", b"globex2;"]]
    assert get_scope() == NOTHING


def test_streamed_bodies_stay_with_their_tenant_in_async_code(acme, globex):
    async def main():
        responses = [await HostClient(tenant.slug).get("/stream-async/") for tenant in (acme, globex)]
        bodies = [aiter(response.streaming_content) for response in responses]
        return [[await anext(body) for body in bodies] for _ in range(3)]

    assert asyncio.run(main()) == [[b"acme0;", b"globex0;"], [b"acme1;", b"globex1;"], [b"acme2;", b"globex2;"]]


def test_concurrent_async_views_keep_their_tenant(acme, globex):
    async def ask(slug):
        return (await HostClient(slug).get("/echo-async/")).json()["tenant"]

    async def main():
        return await asyncio.gather(*(ask(slug) for slug in ("acme", "globex") * 10))

    assert asyncio.run(main()) == ["acme", "globex"] * 10


async def raw_request(headers):
    """Call the application by ASGI, like a server; return status and JSON."""
    sent = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.0",
        "method": "GET",
        "path": "/api/v1/projects/",
        "query_string": b"",
        "headers": headers,
        "server": ("acme.localhost", 8000),
    }
    received = iter([{"type": "http.request", "body": b""}])

    async def receive():
        message = next(received, None)
        return message or await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    application = ASGIHandler()
    await application(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"acme.localhost"), (b"host", b"globex.localhost")],
        [(b"host", b"acme.localhost"), (b"host", b"acme.localhost")],
        [(b"host", b"\xff\xfe.localhost")],
    ],
    ids=["missing", "two", "twice the same", "no text"],
)
def test_malformed_hosts_of_raw_clients_are_refused(headers):
    status, answer = asyncio.run(raw_request(headers))
    assert (status, answer["code"]) == (400, "bad_host")

"""Fault 8: graceful shutdown. A web process that receives SIGTERM answers every accepted request."""

import asyncio
import os
import signal
from uuid import uuid4

import pytest
from django.db import connection

from tenancy.testing import TenantClient
from tests.isolation.live import Request, running_web_process, send
from tests.pooler.pgbouncer import with_database

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, ENOUGH = 10, 30


async def load(port, process, request):
    """Send requests over separate connections until the port is closed. Returns the statuses."""
    statuses = []

    async def client():
        while True:
            try:
                response = await send(port, request)
            except (OSError, IndexError, ValueError):  # refused, or cut off before a single byte came back
                return
            statuses.append(response.status)
            if len(statuses) == ENOUGH:
                process.send_signal(signal.SIGTERM)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return statuses


def test_no_request_is_answered_with_a_fault(acme, bob, project, tmp_path):
    # With a unique slug: the web process caches hosts longer than a test runs.
    acme.slug = f"acme-{uuid4().hex[:8]}"
    acme.save()
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    given = TenantClient(acme).with_token(bob).defaults
    headers = {"Authorization": given["HTTP_AUTHORIZATION"]}
    body = {"project": str(project.id), "title": "Before the end"}
    request = Request("POST", given["HTTP_HOST"], "/api/v1/tasks/", headers, 201, acme, body)
    with running_web_process(database, tmp_path / "web.log", connections=4, wait=60) as (url, process):
        statuses = asyncio.run(load(int(url.rpartition(":")[2]), process, request))
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)
    assert len(statuses) >= ENOUGH
    assert set(statuses) == {201}
    assert "Traceback" not in (tmp_path / "web.log").read_text()
    # Each answered request has committed, and no other has: the numbers have no gap.
    numbers = [task["number"] for task in all_tasks(TenantClient(acme).with_token(bob))]
    assert len(numbers) >= len(statuses)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def all_tasks(session):
    found, address = [], "/api/v1/tasks/?page_size=200"
    while address:
        page = session.get(address).json()
        found, address = found + page["results"], page["next"]
    return found

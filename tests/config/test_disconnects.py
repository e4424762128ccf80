"""Clients that disconnect do not affect other clients."""

import os

import pytest
from django.db import connection

from tenancy.tokens import issue
from tests.isolation.live import Request, send_all, web_process
from tests.pooler.pgbouncer import with_database

CONNECTIONS = 3


@pytest.mark.django_db(transaction=True)
def test_disconnected_clients_leave_no_database_connection_behind(tmp_path, acme, alice):
    access, _ = issue(user_id=alice.pk, tenant=acme)
    headers = {"Authorization": f"Bearer {access}"}
    request = Request("GET", f"{acme.slug}.localhost", "/api/v1/tasks/", headers, 200, acme)
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path / "web.log", connections=CONNECTIONS) as url:
        hung_up = send_all(url, [request] * 200, status_of, at_once=40, cancelled=1, seed=0)
        later = send_all(url, [request] * (CONNECTIONS + 1), status_of, at_once=1, cancelled=0, seed=0)
    assert hung_up.cancelled > 50
    assert later.statuses == {200: CONNECTIONS + 1}, later.wrong


def status_of(request, response):
    return None if response.status == request.status else response.text

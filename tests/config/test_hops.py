"""Budget of the crossings between event loop and threads for one request."""

import os

import httpx
import pytest
from django.db import connection

from config.services.server import wait_until
from tests.accounts.live.clients import make_office, port_of
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database
from tests.waiting import PATIENCE

# Work that goes to a thread, and its result.
ONE_HOP = 2
BUDGET = {"/healthz": 0, "/subtasks/": ONE_HOP, "/api/v1/tasks/": ONE_HOP}


@pytest.mark.django_db(transaction=True)
def test_requests_stay_within_the_budget_of_crossings(tmp_path):
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    options = {"connections": 4, "APPLICATION": "tests.config.crossings:application"}
    with (
        web_process(url, tmp_path / "web.log", **options) as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        office = make_office(port_of(address))
        credentials = {
            "/healthz": {},
            "/subtasks/": {"Host": office.host, "Cookie": office.cookie()},
            "/api/v1/tasks/": {"Host": office.host, "Authorization": f"Bearer {office.token()}"},
        }
        counts = {path: [count(client, path, credentials[path]) for _ in range(3)] for path in BUDGET}
    assert counts == {path: [budget] * 3 for path, budget in BUDGET.items()}


def count(client, path, headers):
    """Return how many crossings a request costs, also after its response."""
    before = len(client.get("/crossings").json().get(path, []))
    assert client.get(path, headers=headers).status_code == 200
    assert wait_until(lambda: len(client.get("/crossings").json().get(path, [])) > before, PATIENCE)
    return client.get("/crossings").json()[path][-1]

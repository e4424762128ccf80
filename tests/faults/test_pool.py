"""Fault: PostgreSQL or PgBouncer was restarted, or has failed over, and all connections of a process are broken."""

import os
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool, PoolTimeout

from config import connections
from config.connections import database
from projects.models import Label
from tasks.actions.tasks import create_task
from tenancy.context import tenant_context
from tests.accounts.live.clients import make_office, port_of
from tests.faults.gate import gate_to
from tests.isolation.live import running_web_process
from tests.jobs import samples
from tests.jobs.processes import processes
from tests.pooler.pgbouncer import with_database
from tests.projects.offices import make_project
from tests.round_trips import postgresql_round_trips

URL = with_database(os.environ["DATABASE_URL"], "postgres")  # which is always there
SIZE = 16


@contextmanager
def pool_of(url=URL, *, size=SIZE, seconds=60):
    """A pool with the options of the product."""
    options = database(url, pool_size=size, pool_seconds=seconds)["OPTIONS"]["pool"]
    with ConnectionPool(url, kwargs={"autocommit": True}, **options) as pool:
        yield pool


def fill(pool, count):
    """Return the server processes of `count` connections that are idle in the pool."""
    taken = [pool.getconn() for _ in range(count)]
    pids = [each.info.backend_pid for each in taken]
    for each in taken:
        pool.putconn(each)
    return pids


def terminate(pids):
    """End server processes, and return how many there were."""
    with psycopg.connect(URL) as administrator:
        rows = administrator.execute("SELECT pg_terminate_backend(pid, 60000) FROM unnest(%s::int[]) AS pid", [pids])
        return [ended for (ended,) in rows].count(True)


def answer(taken):
    return taken.execute("SELECT 1").fetchone()


# The pool -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, SIZE])
def test_first_request_after_all_connections_were_terminated_has_a_connection_without_a_pause(count, monkeypatch):
    pauses = []
    monkeypatch.setattr("psycopg_pool.pool.sleep", pauses.append)
    with pool_of() as pool:
        assert terminate(fill(pool, count)) == count
        taken = [pool.getconn() for _ in range(SIZE)]
        assert {answer(each) for each in taken} == {(1,)}
        assert set(pauses) <= {0.0}
        for each in taken:
            pool.putconn(each)


def test_connection_in_constant_use_is_checked_without_a_round_trip():
    with pool_of(size=1) as pool:
        fill(pool, 1)
        taken = pool.getconn()
        with postgresql_round_trips(taken) as counted:
            for _ in range(3):
                pool.putconn(taken)
                assert pool.getconn() is taken
        assert counted == [0]
        pool.putconn(taken)


def test_connection_that_was_idle_for_a_second_is_checked_with_a_round_trip(monkeypatch):
    """A server may disappear without a message, and then the socket looks as before."""
    with pool_of(size=1) as pool:
        fill(pool, 1)
        taken = pool.getconn()
        now = connections.monotonic()
        monkeypatch.setattr(connections, "monotonic", lambda: now + connections.TRUSTED_SECONDS)
        with postgresql_round_trips(taken) as counted:
            pool.putconn(taken)
            assert pool.getconn() is taken
        assert counted == [1]
        pool.putconn(taken)


def test_places_are_free_as_soon_as_an_unavailable_server_is_back(monkeypatch):
    monkeypatch.setattr("psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY", 3600.0)
    with gate_to(URL) as gate, pool_of(through(gate, URL), size=2) as pool:
        fill(pool, 2)
        gate.close()
        for _ in range(5):  # more than there are places
            with pytest.raises(PoolTimeout):
                pool.getconn(timeout=0.2)
        gate.open()
        taken = [pool.getconn() for _ in range(2)]
        assert {answer(each) for each in taken} == {(1,)}
        for each in taken:
            pool.putconn(each)


def test_url_keeps_its_options_with_a_pool():
    """Otherwise a web server would connect without the certificate check that `sslmode` requires."""
    options = database(f"{URL}?sslmode=verify-full", pool_size=4, pool_seconds=5)["OPTIONS"]
    assert options["sslmode"] == "verify-full"
    assert (options["pool"]["max_size"], options["pool"]["timeout"]) == (4, 5)


# A web process, its sockets, and jobs -------------------------------------------------------------------------------


def through(gate, url):
    """Return the URL of a server with the gate in front of it."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{gate.port}").geturl()


def terminate_all(application):
    """End the connections of a program to the database of the tests, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [application])
        return terminate([pid for (pid,) in cursor.fetchall()])


@pytest.mark.django_db(transaction=True)
def test_web_process_serves_pages_api_and_sockets_after_a_restart_and_says_503_while_the_server_is_away(tmp_path):
    url = f"{with_database(URL, connection.settings_dict['NAME'])}?application_name=web"
    options = {"connections": SIZE, "wait": 5, "APPLICATION": "tests.faults.filled_pool:application"}
    with (
        gate_to(URL) as gate,
        running_web_process(through(gate, url), tmp_path / "web.log", **options) as (address, _process),
        httpx.Client(base_url=address, timeout=120, trust_env=False) as ask,
    ):
        office = make_office(port_of(address))
        project = make_project(office)
        page = {"Host": office.host, "Cookie": office.cookie()}
        api = {"Host": office.host, "Authorization": f"Bearer {office.token()}"}
        ways = [("/", page), ("/api/v1/tasks/", api)]
        with office.with_token() as live:
            live.subscribe(project)
            assert terminate_all("web") > 4  # enough for the pauses of psycopg_pool
            assert [ask.get(path, headers=headers).status_code for path, headers in ways] == [200, 200]
            terminate_all("web")
            live.subscribe(project)
            office.act(create_task, project=project, title="after")
            assert live.receive()["object"]["title"] == "after"
        gate.close()
        for path, headers in ways:
            refused = ask.get(path, headers=headers)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.json()["code"] == "unavailable"
        gate.open()
        assert [ask.get(path, headers=headers).status_code for path, headers in ways] == [200, 200]


@pytest.mark.django_db(transaction=True)
def test_relay_and_worker_continue_after_their_connections_were_terminated(acme, tmp_path):
    url = f"{with_database(URL, connection.settings_dict['NAME'])}?application_name=jobs"
    with processes(url, tmp_path) as jobs, tenant_context(acme):
        relay, worker = jobs.relay(), jobs.worker(concurrency=1)
        for name in ("before", "after"):
            samples.note_label.delay(name)
            jobs.wait_for(lambda name=name: has_label(name), f"the job {name}")
            jobs.wait_for(lambda: terminate_all("jobs"), "a connection to end")
        assert (relay.poll(), worker.poll()) == (None, None)


def has_label(name):
    return Label.objects.filter(name=name).exists()

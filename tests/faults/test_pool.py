"""Fault: PgBouncer or PostgreSQL was restarted, so every connection of a web process's pool is broken."""

import os
import time

import psycopg
from psycopg_pool import ConnectionPool

from config.connections import database

SIZE = 8


def test_a_request_does_not_wait_for_one_broken_connection_after_the_other():
    url = os.environ["DATABASE_URL"]
    check = database(url, pool_size=SIZE, pool_seconds=5)["OPTIONS"]["pool"]["check"]
    with ConnectionPool(url, min_size=SIZE, max_size=SIZE, timeout=5, check=check) as pool:
        pool.wait()
        taken = [pool.getconn() for _ in range(SIZE)]
        pids = [each.info.backend_pid for each in taken]
        for each in taken:
            pool.putconn(each)
        with psycopg.connect(url) as administrator:
            administrator.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [pids])
        started = time.monotonic()
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert time.monotonic() - started < 3  # seven of them with doubled pauses are more than the five of the pool

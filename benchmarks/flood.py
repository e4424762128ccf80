"""The delay for one tenant while another floods the API and the jobs."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import httpx

from accounts.models import Account
from accounts.plans import Plan
from benchmarks.flooding import CONNECTIONS, flooding
from benchmarks.page import client_of
from benchmarks.reports import Section
from benchmarks.testdata import Data
from tenancy.outbox import writing
from tenancy.outbox.models import OutboxJob
from tests.isolation.live import web_process
from tests.jobs.processes import processes

ADDRESS = "/api/v1/tasks/?page_size=10"
CALLS, JOBS = 300, 5000
AIM = 2.0


def measure(data: Data) -> Section:
    ours, theirs = data.accounts[:2]
    Account.objects.filter(pk=theirs.pk).update(plan=Plan.FREE)
    database = os.environ["DATABASE_URL"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with web_process(database, folder / "web.log", connections=16) as url, processes(database, folder) as running:
            running.relay()
            running.worker(concurrency=4)
            timed(url, ours, 50)
            baseline, flooded = [], []
            for _ in range(3):  # alternating, so that other load of the machine disturbs both
                baseline += timed(url, ours, CALLS // 3)
                with flood(url, theirs):
                    flooded += timed(url, ours, CALLS // 3)
            OutboxJob.objects.all().delete()
    p95 = [1000 * quantiles(times, n=20)[-1] for times in (baseline, flooded)]
    return Section(
        f"`GET {ADDRESS}` of one account, one request after the other, over HTTP to one web process. Flooded\n"
        f"means: another account sends requests over {CONNECTIONS} connections as quickly as they are answered,\n"
        f"most of them with 429, and has {JOBS:,} jobs waiting. The flood comes from the same machine.\n"
        f"Aim: a p95 of at most {AIM:.0f} times the baseline.\n\n"
        "| | requests | p50 ms | p95 ms |\n|---|---|---|---|\n"
        f"| baseline | {len(baseline)} | {1000 * median(baseline):.1f} | {p95[0]:.1f} |\n"
        f"| flooded | {len(flooded)} | {1000 * median(flooded):.1f} | {p95[1]:.1f} |\n\n"
        f"Ratio of the p95: **{p95[1] / p95[0]:.2f}**.\n"
    )


def headers_of(account: Account) -> dict[str, str]:
    given = client_of(account).defaults
    return {"Host": given["HTTP_HOST"], "Authorization": given["HTTP_AUTHORIZATION"]}


def timed(url: str, account: Account, calls: int) -> list[float]:
    """Return how many seconds each request took, one after the other."""
    times = []
    with httpx.Client(base_url=url, headers=headers_of(account), trust_env=False, timeout=60) as client:
        for _ in range(calls):
            started = time.perf_counter()
            client.get(ADDRESS).raise_for_status()
            times.append(time.perf_counter() - started)
    return times


@contextmanager
def flood(url: str, account: Account) -> Iterator[None]:
    """Send a flood of requests for one account from a separate process."""
    rows = (
        writing.make_row(name="samples.slow", tenant_id=account.pk, args=[f"{number}", 0.02], kwargs={}, options={})
        for number in range(JOBS)
    )
    OutboxJob.objects.bulk_create(rows, ignore_conflicts=True)
    headers = headers_of(account)
    with flooding(f"{url}{ADDRESS}", headers["Host"], headers["Authorization"]):
        yield

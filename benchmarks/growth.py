"""Requests and exports of random accounts, while the database grows."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from django.core.management import call_command
from django.db import connections

from accounts.actions.exports import request_export, write_export
from accounts.models import Account
from benchmarks.plots import lines
from benchmarks.reports import Section
from benchmarks.serving import serving
from benchmarks.visiting import (
    Visitor,
    WebClient,
    database_bytes,
    memory_of,
    p50_and_p95,
    prepare,
    search_for,
    visitor_of,
)
from projects.models import Project
from tasks.testdata import words
from tenancy.context import tenant_context
from tenancy.models import get_membership_model
from tenancy.outbox.models import OutboxJob
from tenancy.roles import OWNER

SAMPLE, CALLS, EXPORTS = 200, 400, 20
LIST, PAGE, BOARD, SEARCH = "list of 50 tasks (API)", "page of subtasks", "board of a project", "search (page)"
REQUESTS = (LIST, PAGE, BOARD, SEARCH)


@dataclass(frozen=True)
class Times:
    """Milliseconds of each first request of an account and of each later one, and of processor time of the latter."""

    first: Sequence[float]
    again: Sequence[float]
    processor: float


@dataclass(frozen=True)
class Step:
    """What was found with so many accounts in the database. `rows` and `seconds` are those that were added."""

    accounts: int
    rows: int
    seconds: float
    database: int
    times: dict[str, Times]
    exports: Sequence[tuple[int, float]]  # rows and seconds of each
    memory: dict[str, float]


def measure(sizes: Sequence[int], seed: int) -> Section:
    """Fill the database step by step, and measure with each number of accounts."""
    steps, rows = [], 0
    for size in sorted(sizes):
        started = time.perf_counter()
        call_command("createtestdata", accounts=size, seed=seed, force=True)
        seconds = time.perf_counter() - started
        prepare()
        before, rows = rows, _rows()
        steps.append(_step(size, rows - before, seconds, Random(seed)))  # noqa: S311  # nothing here is secret
    return _report(steps)


def _step(size: int, rows: int, seconds: float, random: Random) -> Step:
    slugs = [f"tenant-{number}" for number in random.sample(range(size), min(size, SAMPLE))]
    accounts = list(Account.objects.filter(slug__in=slugs).order_by("slug"))
    requests = requests_of([visitor_of(account) for account in accounts], random)
    with tempfile.TemporaryDirectory() as folder, serving(1, Path(folder)) as server:
        client = WebClient(server)
        times = {}
        for title in REQUESTS:
            first, _ = client.timed_all(requests[title])
            rounds = -(-CALLS // len(accounts))
            again, processor = client.timed_all(requests[title] * rounds)
            times[title] = Times(first, again, processor)
        memory = memory_of(server.pid)
    exports = [_export(account) for account in random.choices(accounts, k=EXPORTS)]
    return Step(size, rows, seconds, database_bytes(), times, exports, memory)


def requests_of(visitors: Sequence[Visitor], random: Random) -> dict[str, list[tuple[Visitor, str]]]:
    """Return a request of each kind for each visitor: for a random project, and for two words of a random title."""
    found: dict[str, list[tuple[Visitor, str]]] = {title: [] for title in REQUESTS}
    for visitor in visitors:
        with tenant_context(visitor.account):
            key = random.choice(list(Project.objects.values_list("key", flat=True)))
        first, *_, last = random.choice(words.TITLES).split()
        found[LIST].append((visitor, "/api/v1/tasks/?page_size=50"))
        found[PAGE].append((visitor, "/subtasks/"))
        found[BOARD].append((visitor, f"/projects/{key}/"))
        found[SEARCH].append((visitor, search_for(f"{first} {last}")))
    return found


def _export(account: Account) -> tuple[int, float]:
    """Do the job of an export of the whole account in this process; return its rows and seconds."""
    with tenant_context(account):
        owner = get_membership_model().objects.filter(role="owner").first()
        export = request_export(actor=owner, format="zip")
        started = time.perf_counter()
        write_export(export_id=export.pk)
        seconds = time.perf_counter() - started
        export.refresh_from_db()
        if export.state != "ready":
            raise RuntimeError(f"The export of {account.slug} is {export.state}.")
    OutboxJob.objects.all().delete()  # there is no worker
    return export.total, seconds


def _rows() -> int:
    """Return the number of rows of all tables, from the statistics."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT sum(reltuples)::bigint FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        (rows,) = cursor.fetchone()
    return int(rows)


def _report(steps: Sequence[Step]) -> Section:
    text = [
        f"Up to {SAMPLE} accounts, chosen at random over all, send one request after the other over one connection to",
        "one new web process. “First” is the first request of its kind of an account: its row, its parts of pages and",
        f"its rows in PostgreSQL are in no cache of the process. “Again” are at least {CALLS} later ones. Processor",
        "time is that of the web process, for the later ones. A search is for two words of a title.",
        "Aims: a search takes 100 ms at most (p50), and no list grows with the number of accounts.\n",
        "| request | accounts | first p50 ms | p95 ms | again p50 ms | p95 ms | processor ms |",
        "|---|---|---|---|---|---|---|",
        *(_row(step, title) for title in REQUESTS for step in steps),
        "",
        f"The job of an export of a whole account as ZIP, {EXPORTS} of random accounts, one after the other:\n",
        "| accounts | p50 ms | p95 ms | rows, p50 | rows/s |",
        "|---|---|---|---|---|",
        *(_row_of_exports(step) for step in steps),
        "",
        "The database, with indexes, and the web process at the end of its requests:\n",
        "| accounts | rows added | rows/s | database MiB | web process PSS MiB | RSS MiB |",
        "|---|---|---|---|---|---|",
        *(_row_of_data(step) for step in steps),
    ]
    labels = [f"{step.accounts:,}" for step in steps]
    again = {title: [median(step.times[title].again) for step in steps] for title in REQUESTS}
    first = {title: [median(step.times[title].first) for step in steps] for title in REQUESTS}
    exports = {"export (job)": [median(_milliseconds(step)) for step in steps]}
    title = "by number of accounts, p50 in ms"
    plots = [
        lines("scale-again", f"Later requests {title}", labels, {**again, **exports}, logarithmic=True),
        lines("scale-first", f"First requests {title}", labels, first, logarithmic=True),
    ]
    return Section("\n".join(text) + "\n", plots)


def _row(step: Step, title: str) -> str:
    times = step.times[title]
    values = [*p50_and_p95(times.first), *p50_and_p95(times.again), times.processor]
    return f"| {title} | {step.accounts:,} | {' | '.join(f'{value:.1f}' for value in values)} |"


def _milliseconds(step: Step) -> list[float]:
    return [1000 * seconds for _rows, seconds in step.exports]


def _row_of_exports(step: Step) -> str:
    p50, p95 = p50_and_p95(_milliseconds(step))
    rows, seconds = [rows for rows, _seconds in step.exports], sum(seconds for _rows, seconds in step.exports)
    return f"| {step.accounts:,} | {p50:.0f} | {p95:.0f} | {median(rows):.0f} | {sum(rows) / seconds:,.0f} |"


def _row_of_data(step: Step) -> str:
    memory = f"{step.memory['Pss']:.0f} | {step.memory['Rss']:.0f}"
    rate = f"{step.rows / step.seconds:,.0f}"
    return f"| {step.accounts:,} | {step.rows:,} | {rate} | {step.database / 2**20:,.0f} | {memory} |"

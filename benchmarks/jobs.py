"""The delay of a job, alone and while thousands of jobs of another tenant wait."""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from accounts.models import Account
from benchmarks.reports import Section
from benchmarks.testdata import Data
from projects.models import Label
from tenancy.context import tenant_context
from tenancy.outbox import watching, writing
from tenancy.outbox.models import OutboxJob
from tests.jobs import samples
from tests.jobs.processes import Processes, processes

FLOOD, CALLS, BUSY = (
    5000,
    30,
    0.02,
)  # jobs of the other tenant, jobs that are timed, seconds that each of the former takes
AIM = 2.0


def measure(data: Data) -> Section:
    ours, theirs = data.accounts[:2]
    with tempfile.TemporaryDirectory() as folder, processes(os.environ["DATABASE_URL"], Path(folder)) as running:
        running.relay()
        running.worker(concurrency=4)
        timed(running, ours)  # warms up
        alone = [timed(running, ours) for _ in range(CALLS)]
        flood = [
            writing.make_row(
                name="samples.slow", tenant_id=theirs.pk, args=[f"flood {number}", BUSY], kwargs={}, options={}
            )
            for number in range(FLOOD)
        ]
        OutboxJob.objects.bulk_create(flood)
        started, before = time.perf_counter(), watching.backlog().waiting
        beside = [timed(running, ours) for _ in range(CALLS)]
        done = before - watching.backlog().waiting
        rate = done / (time.perf_counter() - started)
        OutboxJob.objects.all().delete()
    return Section(
        "From the commit that asks for a job to its first line in a worker of four processes, with one relay.\n"
        f"Beside means: another tenant had {before:,} jobs of {1000 * BUSY:.0f} ms waiting. Aim: {AIM:.0f} s.\n\n"
        "| | jobs timed | p50 ms | slowest ms |\n|---|---|---|---|\n"
        f"| alone | {CALLS} | {1000 * median(alone):.0f} | {1000 * max(alone):.0f} |\n"
        f"| beside | {CALLS} | {1000 * median(beside):.0f} | {1000 * max(beside):.0f} |\n\n"
        f"Meanwhile the other tenant's jobs went on, {rate:.0f} a second, two at a time (`JOBS_PER_TENANT`).\n"
    )


def timed(running: Processes, account: Account) -> float:
    """Return how many seconds passed until a job had started."""
    with tenant_context(account):
        Label.objects.filter(name__startswith="started ").delete()
        asked = time.time()
        samples.note_time.delay()
        label = running.wait_for(lambda: Label.objects.filter(name__startswith="started ").first(), "the job")
        return float(label.name.split()[1]) - asked

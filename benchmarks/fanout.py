"""Fan-out: the time from the commit of a change to the last of five hundred sockets that receive it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from django.conf import settings

from accounts.models import Account
from benchmarks import plots
from benchmarks.reports import Section
from benchmarks.testdata import Data
from projects.models import Project
from tasks.actions.tasks import update_task
from tasks.models import Task
from tenancy import places
from tenancy.context import tenant_context
from tenancy.models import get_membership_model
from tenancy.tokens import issue
from tests.isolation.live import web_process

PROCESSES, SOCKETS = 2, 250  # of subscribers, and sockets of each
CHANGES, A_SECOND = 400, 20
AIM = 200  # milliseconds


def measure(data: Data) -> Section:
    account = data.accounts[0]
    with tempfile.TemporaryDirectory() as folder, tenant_context(account):
        member = get_membership_model().objects.filter(role="owner").first()
        task = Task.objects.select_related("project").first()
        token = issue(user_id=member.user_id, tenant=account)[0]
        with web_process(os.environ["DATABASE_URL"], Path(folder) / "web.log", connections=8) as url:
            uri = f"ws://{account.slug}.{settings.BASE_DOMAIN}:{url.rpartition(':')[2]}/ws/"
            subscribers = [_subscribe(uri, token, task.project) for _ in range(PROCESSES)]
            committed = _write(account, member, task)
            arrived = [json.loads(process.communicate(timeout=120)[0]) for process in subscribers]
    times = sorted(
        1000 * (max(part[str(seq)] for part in arrived) - when) for seq, when in list(committed.items())[A_SECOND:]
    )
    return _report(times)


def _subscribe(uri: str, token: str, project: Project) -> "subprocess.Popen[str]":
    arguments = [uri, token, str(project.pk), str(SOCKETS), str(CHANGES)]
    command = [sys.executable, "-m", "benchmarks.subscribers", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own program
    if process.stdout is None or process.stdout.readline() != "ready\n":
        raise RuntimeError("The subscribers did not get ready.")
    return process


def _write(account: Account, member: Any, task: Task) -> dict[int, float]:
    """Change the task many times, and return when each event was committed, by its number."""
    committed: dict[int, float] = {}
    began = time.monotonic()
    for number in range(CHANGES):
        time.sleep(max(0, began + number / A_SECOND - time.monotonic()))
        with places.atomic():
            moments: list[float] = []
            places.on_commit(lambda moments=moments: moments.append(time.time()))  # type: ignore[misc]
            update_task(task=task, actor=member, title=f"Change {number}")
            seq = Project.objects.values_list("last_activity_seq", flat=True).get(pk=task.project_id)
        committed[seq] = moments[0]
    return committed


def _report(times: list[float]) -> Section:
    cuts = quantiles(times, n=100)
    shown = " | ".join(f"{value:.0f}" for value in (cuts[49], cuts[94], cuts[98], times[-1]))
    lines = [
        f"{PROCESSES * SOCKETS} sockets in {PROCESSES} processes follow one project, in which a task is changed",
        f"{A_SECOND} times a second, {CHANGES} times in all; the first second warms up. One web process. Time from",
        "the commit until the last of all sockets has the event, all on one machine: PostgreSQL, Redis, the",
        f"web process, who writes, and the clients, who need much of it. Aim: p99 of {AIM} ms on 2 cores.\n",
        "| changes | p50 ms | p95 ms | p99 ms | most ms |",
        "|---|---|---|---|---|",
        f"| {len(times):,} | {shown} |",
    ]
    percentiles = [*range(5, 100, 5), 99]
    shown_percentiles = {"the last of all sockets": [cuts[each - 1] for each in percentiles]}
    plot = plots.lines(
        "fanout", "Fan-out, milliseconds by percentile", [f"p{each}" for each in percentiles], shown_percentiles
    )
    return Section("\n".join(lines) + "\n", [plot])

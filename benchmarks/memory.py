"""The memory of one web process that serves many tenants."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from accounts.models import Account
from benchmarks.growth import REQUESTS, requests_of
from benchmarks.plots import lines
from benchmarks.reports import Section
from benchmarks.serving import serving
from benchmarks.visiting import WebClient, memory_of, visitor_of

TENANTS, PARTS, SIZE = 2_000, 10, 1_000
WARM = 2  # parts after which growth is counted
MOST = 5  # percent


def measure(tenants: int, seed: int) -> Section:
    """Send the requests, of the accounts `tenant-0` to `tenant-<tenants - 1>`."""
    random = Random(seed)  # noqa: S311  # nothing here is secret
    slugs = [f"tenant-{number}" for number in range(tenants)]
    visitors = [visitor_of(account) for account in Account.objects.filter(slug__in=slugs).order_by("slug")]
    requests = requests_of(visitors, random)
    with tempfile.TemporaryDirectory() as folder, serving(1, Path(folder)) as server:
        client, found = WebClient(server), [memory_of(server.pid)["Rss"]]
        for _ in range(PARTS):
            for number in range(SIZE):
                client.timed(*random.choice(requests[REQUESTS[number % len(REQUESTS)]]))
            found.append(memory_of(server.pid)["Rss"])
    return _report(found, len(visitors))


def _report(found: Sequence[float], tenants: int) -> Section:
    growth = 100 * (found[-1] / found[WARM] - 1)
    labels = [f"{number * SIZE:,}" for number in range(len(found))]
    text = [
        f"{PARTS * SIZE:,} requests, a quarter each of {', '.join(REQUESTS)}, each of one",
        f"of {tenants:,} tenants chosen at random, one after the other. Aim: the process grows by at most {MOST} %",
        f"after {WARM * SIZE:,} requests.\n",
        f"| requests | {' | '.join(labels)} |",
        f"|---|{'---|' * len(labels)}",
        f"| RSS MiB | {' | '.join(f'{size:.0f}' for size in found)} |",
        "",
        f"After {WARM * SIZE:,} requests the process grew by **{growth:.1f} %**.",
    ]
    plot = lines("scale-memory", "Resident memory of the web process by requests, MiB", labels, {"RSS": found})
    return Section("\n".join(text) + "\n", [plot])

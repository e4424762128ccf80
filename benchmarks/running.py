"""Makes the data, runs the benchmarks and writes their reports."""

import os
import sys
import time
from typing import Any

import django

ACCOUNTS = int(os.environ.get("BENCHMARK_ACCOUNTS") or 200)  # fewer for a quick look
SEED = 0


def run(names: list[str]) -> None:
    """Run the benchmarks called `names`, on one set of data. Needs DATABASE_OWNER_URL and empty servers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command

    from benchmarks import board, fanout, flood, jobs, lists, page, reports, requests, serving, testdata

    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    call_command("createtestdata", accounts=ACCOUNTS, seed=SEED, force=True)
    data = testdata.look(accounts=ACCOUNTS, seed=SEED, seconds=time.perf_counter() - started)
    modules: dict[str, Any] = {
        "testdata": testdata,
        "lists": lists,
        "requests": requests,
        "page": page,
        "board": board,
        "jobs": jobs,
        "flood": flood,
        "fanout": fanout,
        "serving": serving,
    }
    for name in names:
        text = reports.write(name, data, modules[name].measure(data))
        sys.stdout.write(f"\n{text}")

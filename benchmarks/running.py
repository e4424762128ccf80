"""Makes the data, runs the benchmarks and writes their report."""

import os
import sys
import time
from importlib import import_module

import django

ACCOUNTS = int(os.environ.get("BENCHMARK_ACCOUNTS") or 200)  # fewer for a quick look
SEED = 0
NAMES = ("testdata", "serving", "requests", "lists", "page", "board", "fanout", "flood", "jobs")


def run(names: list[str]) -> None:
    """Run the benchmarks called `names`, on one set of data. Needs DATABASE_OWNER_URL and empty servers.

    All of them together write a report. Some of them only print what they found, for a quick look.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command

    from benchmarks import reports, testdata

    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    call_command("createtestdata", accounts=ACCOUNTS, seed=SEED, force=True)
    data = testdata.look(accounts=ACCOUNTS, seed=SEED, seconds=time.perf_counter() - started)
    sections = {}
    for name in names:
        sections[name] = import_module(f"benchmarks.{name}").measure(data)
        sys.stdout.write(f"\n## {name}\n\n{sections[name].text}")
        sys.stdout.flush()
    if set(names) == set(NAMES):
        reports.write("benchmarks", "Benchmarks", sections, str(data))

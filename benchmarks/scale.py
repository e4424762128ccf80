"""`python -m benchmarks.scale [NAME …]`: how times and memory grow with data; writes `benchmarks/reports/scale.md`.

Uses separate servers with new data, which are deleted afterwards. BENCHMARK_SIZES limits the numbers of accounts, for
example `20,200`. With names of sections it only prints what it found.
"""

import os
import sys
from collections.abc import Callable

import django

from benchmarks.servers import run_named

SIZES = tuple(int(size) for size in (os.environ.get("BENCHMARK_SIZES") or "20,200,2000,20000").split(","))
SEED = 0
NAMES = ("hot", "growth", "memory")


def run(names: list[str]) -> None:
    """Measure the sections called `names`. Needs DATABASE_OWNER_URL and empty servers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command

    from benchmarks import growth, hot, memory, reports
    from benchmarks.visiting import prepare
    from tenancy.context import no_tenant
    from tenancy.roles import OWNER

    def measure_memory() -> reports.Section:
        tenants = min(max(SIZES), memory.TENANTS)
        call_command("createtestdata", accounts=tenants, seed=SEED, force=True)
        prepare()
        return memory.measure(tenants, SEED)

    sections: dict[str, tuple[str, Callable[[], reports.Section]]] = {
        "hot": ("One large account", lambda: hot.measure(SEED)),
        "growth": ("Number of accounts", lambda: growth.measure(SIZES, SEED)),
        "memory": ("Memory of a web process", measure_memory),
    }
    call_command("migrate", verbosity=0)
    found = {}
    for name in names:
        title, measure = sections[name]
        found[title] = measure()
        sys.stdout.write(f"\n## {title}\n\n{found[title].text}")
        sys.stdout.flush()
        if name == "hot":  # the others begin with an empty database
            call_command("flush", database=OWNER, interactive=False, verbosity=0)
            with no_tenant():
                cache.clear()
    if set(names) == set(NAMES):
        sizes = ", ".join(f"{size:,}" for size in sorted(SIZES))
        reports.write("scale", "Scale", found, f"`createtestdata --seed {SEED}` with {sizes} accounts, step by step")


if __name__ == "__main__":
    sys.exit(run_named("benchmarks.scale", sys.argv[1:], NAMES, run))

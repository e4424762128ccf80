"""`python -m benchmarks.peers`: measures all systems and writes `benchmarks/reports/peers.md`.

Uses separate servers with new data, which are deleted afterwards. `.venv-peers` has the packages of the peers.
"""

import os
import sys

import django

from benchmarks.servers import run_named


def run(_names: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from benchmarks.peers.comparing import compare  # imports models

    compare()


if __name__ == "__main__":
    sys.exit(run_named("benchmarks.peers", sys.argv[1:], (), run))

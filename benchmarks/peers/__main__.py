"""`python -m benchmarks.peers`: measures all systems and writes `benchmarks/reports/peers.md`.

Uses separate servers with new data, which are deleted afterwards. `.venv-peers` has the packages of the peers.
"""

import os
import sys

import django

from benchmarks.servers import run_alone

FOLDER = "BENCHMARKS_FOLDER"


def main() -> int:
    if not os.environ.get(FOLDER):
        return run_alone("benchmarks.peers", [], variable=FOLDER, LOG_LEVEL="ERROR")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from benchmarks.peers.comparing import compare  # imports models

    compare()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks [NAME …]`: measures, and without names writes `benchmarks/reports/benchmarks.md`.

Uses separate servers with new data, which are deleted afterwards.
"""

import os
import sys

from benchmarks.running import NAMES, run
from benchmarks.servers import run_alone

FOLDER = "BENCHMARKS_FOLDER"


def main(names: list[str]) -> int:
    if unknown := set(names) - set(NAMES):
        sys.stderr.write(f"There is no benchmark {', '.join(sorted(unknown))}: take {', '.join(NAMES)}.\n")
        return 2
    if os.environ.get(FOLDER):
        run(names or list(NAMES))
        return 0
    return run_alone("benchmarks", names, variable=FOLDER, LOG_LEVEL="ERROR")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

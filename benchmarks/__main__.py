"""`python -m benchmarks [NAME …]`: measures, and writes `benchmarks/reports/<name>.md`.

Uses separate servers with new data, which are deleted afterwards.
"""

import os
import sys

from benchmarks.servers import run_alone

FOLDER = "BENCHMARKS_FOLDER"
NAMES = ("testdata", "lists", "requests", "page", "board", "jobs", "flood", "fanout", "serving")


def main(names: list[str]) -> int:
    if unknown := set(names) - set(NAMES):
        sys.stderr.write(f"There is no benchmark {', '.join(sorted(unknown))}: take {', '.join(NAMES)}.\n")
        return 2
    if os.environ.get(FOLDER):
        from benchmarks import running

        running.run(names or list(NAMES))
        return 0
    return run_alone("benchmarks", names, variable=FOLDER, LOG_LEVEL="ERROR")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

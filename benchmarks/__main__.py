"""`python -m benchmarks [NAME …]`: measures, and without names writes `benchmarks/reports/benchmarks.md`.

Uses separate servers with new data, which are deleted afterwards.
"""

import sys

from benchmarks.running import NAMES, run
from benchmarks.servers import run_named

if __name__ == "__main__":
    sys.exit(run_named("benchmarks", sys.argv[1:], NAMES, run))

"""Programs with separate servers, on new data that is deleted afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

# Another installation's servers are not for us.
OTHERS = ("DATABASE_", "DB_", "REDIS_", "BROKER_", "S3_")


FOLDER = "BENCHMARKS_FOLDER"


def run_named(module: str, names: list[str], known: Sequence[str], run: Callable[[list[str]], None]) -> int:
    """Run `run(names)`, or with all `known` names, in `python -m <module>` with separate servers.

    Return the exit status, 2 for a name that is not known.
    """
    if unknown := set(names) - set(known):
        sys.stderr.write(f"There is no {', '.join(sorted(unknown))}: take {', '.join(known)}.\n")
        return 2
    if not os.environ.get(FOLDER):
        return run_alone(module, names, variable=FOLDER, LOG_LEVEL="ERROR")
    run(names or list(known))
    return 0


def run_alone(module: str, arguments: Sequence[str], *, variable: str, **environment: str) -> int:
    """Run `python -m <module>` with servers in a temporary folder and return its exit status.

    The folder is in its environment as `variable`, beside what else `environment` says.
    """
    with tempfile.TemporaryDirectory(prefix=f"{module}-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the servers run as a separate user
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
        own = {variable: folder, "DATA_DIR": f"{folder}/servers", **environment}
        python = [sys.executable, "-m"]
        command = [*python, "config.services", "run", "--owner", *python, module, *arguments]
        with subprocess.Popen(command, env={**inherited, **own}) as process:  # noqa: S603  # our own programs
            for number in (signal.SIGTERM, signal.SIGHUP):  # Ctrl-C reaches it directly
                signal.signal(number, lambda number, frame: process.send_signal(number))
            signal.signal(signal.SIGINT, lambda number, frame: None)
            return process.wait()

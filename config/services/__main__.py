"""`python -m config.services run [--owner] COMMAND …`, `… pretend COMMAND …`, `… psql [ARGUMENT …]`, `… stop`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from urllib.parse import unquote, urlsplit

from config import services
from config.services.postgresql import PostgreSQL


def main() -> int:
    """Return the exit status: the command's own, or 2 with a message when a server cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m config.services", description=services.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="run a command with the servers up and their variables set")
    run.add_argument("--owner", action="store_true", help="with DATABASE_OWNER_URL, too")
    run.add_argument("command", nargs=argparse.REMAINDER)
    pretend = actions.add_parser("pretend", help="run a command with variables that lead nowhere")
    pretend.add_argument("command", nargs=argparse.REMAINDER)
    actions.add_parser("psql", help="open psql as the application's role, with psql's own arguments")
    actions.add_parser("stop", help="stop servers that killed processes left behind")
    # What follows the action belongs to the command or to psql.
    options, rest = parser.parse_known_args()
    if rest and options.action != "psql":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        if options.action == "run":
            services.ensure(owner=options.owner)
            return _run(options.command)
        if options.action == "pretend":
            services.pretend()
            return _run(options.command)
        if options.action == "psql":
            return _psql(rest)
        services.stop()
        return 0
    except services.ServicesError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _psql(arguments: Sequence[str]) -> int:
    embedded = not os.environ.get("DATABASE_URL")
    services.ensure(owner=False)
    program = PostgreSQL(services.data_dir()).tool("psql") if embedded else shutil.which("psql")
    if program is None:
        raise services.ServicesError("There is no psql on the PATH: install a PostgreSQL client.")
    url = urlsplit(os.environ["DATABASE_URL"])
    # Not as arguments: they show in process lists.
    os.environ |= {
        "PGHOST": url.hostname or "",
        "PGPORT": str(url.port or ""),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": unquote(url.path.removeprefix("/")),
    }
    return _run([str(program), *arguments])


def _run(command: Sequence[str]) -> int:
    """Run `command` to its end and return its status. Ctrl-C is its business, other signals are passed on."""
    signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the command would inherit
    with subprocess.Popen(command) as process:  # noqa: S603 (the purpose is to run the given command)

        def pass_on(number: int, frame: FrameType | None) -> None:
            process.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python
"""Django's command line, with the embedded servers up."""

import os
import sys

from config import services
from config.startup import explained

# These get DATABASE_OWNER_URL; every other process works with the application's role.
OWNER_COMMANDS = {"createtestdata", "deletetenant", "importtenant", "migrate", "preparedemo", "test"}
# These read the settings and connect to nothing, so that an image can be built where no server runs.
OFFLINE_COMMANDS = {"collectstatic", "compilemessages", "help", "makemessages", "spectacular", "version"}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OFFLINE_COMMANDS or command.startswith("-"):
        services.pretend()
    else:
        try:
            services.ensure(owner=command in OWNER_COMMANDS)
        except services.ServicesError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

    from django.core.management import execute_from_command_line

    with explained():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

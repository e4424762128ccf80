from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from tenancy.context import no_tenant
from tenancy.roles import OWNER, grant


class Command(migrate.Command):
    help = "Migrate as the owner of the tables, then grant privileges to the other roles."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in connections:
            raise CommandError("migrate runs as the owner of the tables: set DATABASE_OWNER_URL.")
        with no_tenant():
            super().handle(*args, **options)
            grant(connections[options["database"]])

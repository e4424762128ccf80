"""`tenant_command (<slug>… | --all | --where K=V) [--parallel N] -- <command> …`"""

import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from contextvars import ContextVar
from typing import Any, TextIO

from django.core.exceptions import FieldError, ValidationError
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, get_tenant_model

_output: ContextVar[TextIO | None] = ContextVar("tenant_command_output", default=None)


class OutputOfTenant(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`: collects what a command prints for its tenant.

    Each thread of this command runs one tenant at a time. Threads that a command starts write to the original stream.
    """

    def __init__(self, original: TextIO) -> None:
        self.original = original

    def write(self, text: str) -> int:
        return (_output.get() or self.original).write(text)

    def flush(self) -> None:
        (_output.get() or self.original).flush()


@contextmanager
def print_collected() -> Iterator[None]:
    with redirect_stdout(OutputOfTenant(sys.stdout)), redirect_stderr(OutputOfTenant(sys.stderr)):
        yield


class Command(BaseCommand):
    command_line: list[str] = []
    help = "Run another command once for each tenant, with that tenant active."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="slug")
        parser.add_argument("--all", action="store_true", help="every tenant that is not suspended")
        parser.add_argument(
            "--where", action="append", default=[], metavar="FIELD=VALUE", help="for example variant=roadmap"
        )
        parser.add_argument("--parallel", type=int, default=1, metavar="N", help="run N at a time (default 1)")
        parser.add_argument("--run", nargs="+", metavar="command", help="the same as after --, for call_command()")

    def run_from_argv(self, argv: list[str]) -> None:
        """Take the arguments after `--` as the command: argparse cannot separate them from the slugs."""
        if "--" in argv:
            place = argv.index("--")
            self.command_line = argv[place + 1 :]
            argv = argv[:place]
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        command = self.command_line or options["run"]
        if not command or command[0] not in get_commands():
            raise CommandError("Name a command after --, for example: tenant_command --all -- check", returncode=2)
        if options["parallel"] < 1:
            raise CommandError("--parallel takes a number from 1.", returncode=2)
        tenants = self._tenants(options)
        with print_collected(), ThreadPoolExecutor(options["parallel"]) as executor:
            results = executor.map(lambda tenant: _run(tenant, command), tenants)
            failed = [tenant.slug for tenant, ok in zip(tenants, map(self._report, results), strict=True) if not ok]
        if failed:
            raise CommandError(f"{len(failed)} of {len(tenants)} failed: {', '.join(failed)}", returncode=1)

    def _tenants(self, options: dict[str, Any]) -> list[AbstractTenant]:
        slugs, everyone, where = options["slugs"], options["all"], options["where"]
        if sum(map(bool, (slugs, everyone, where))) != 1:
            raise CommandError("Name tenants, or use --all, or use --where.", returncode=2)
        tenants = get_tenant_model()._default_manager.order_by("slug")
        if slugs:
            found = list(tenants.filter(slug__in=slugs))
            if missing := sorted(set(slugs) - {tenant.slug for tenant in found}):
                raise CommandError(f"There is no tenant {', '.join(missing)}.", returncode=2)
            return found
        try:
            conditions = dict(condition.split("=", 1) for condition in where)
            return list(tenants.filter(suspended_at=None, **conditions))
        except (ValueError, FieldError, ValidationError) as error:
            raise CommandError(f"--where takes FIELD=VALUE of a tenant: {error}", returncode=2) from error

    def _report(self, result: tuple[AbstractTenant, str, str]) -> bool:
        tenant, output, error = result
        for line in output.splitlines():
            self.stdout.write(f"{tenant.slug}: {line}")
        for line in error.splitlines():
            self.stderr.write(f"{tenant.slug}: {line}")
        return not error


def _run(tenant: AbstractTenant, command: list[str]) -> tuple[AbstractTenant, str, str]:
    """Return the tenant, what the command printed, and what went wrong if anything did."""
    output = io.StringIO()
    token = _output.set(output)
    try:
        with tenant_context(tenant):
            call_command(*command, stdout=output, stderr=output)
    except Exception as error:  # noqa: BLE001  # one tenant's failure is reported and does not stop the others
        return tenant, output.getvalue(), f"{type(error).__name__}: {error}"
    except SystemExit as exit_:
        return tenant, output.getvalue(), f"exit {exit_.code}" if exit_.code else ""
    finally:
        _output.reset(token)
        connections.close_all()  # those of this thread
    return tenant, output.getvalue(), ""

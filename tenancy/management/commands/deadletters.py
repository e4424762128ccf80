import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenancy.models import get_tenant_model
from tenancy.outbox import watching
from tenancy.outbox.models import OutboxJob


class Command(BaseCommand):
    help = "List, retry or drop dead letters: jobs that failed in all attempts."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="the newest first")
        listing.add_argument("--tenant", metavar="SLUG")
        listing.add_argument("--format", choices=["text", "json"], default="text")
        for name, text in (("retry", "enqueue again, with all attempts"), ("drop", "delete")):
            action = actions.add_parser(name, help=text)
            action.add_argument("ids", nargs="*", type=UUID, metavar="ID")
            action.add_argument("--all", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(options["tenant"], options["format"])
            return
        ids, everything = options["ids"], options["all"]
        if bool(ids) == everything:
            raise CommandError("Name the ids that `deadletters list` shows, or use --all.", returncode=2)
        change = watching.retry_dead if options["action"] == "retry" else watching.drop_dead
        number = change(None if everything else ids)
        self.stdout.write(f"{number} {'will be tried again' if options['action'] == 'retry' else 'dropped'}.")
        if ids and number < len(set(ids)):
            raise CommandError(f"{len(set(ids)) - number} of these ids are no dead letters.", returncode=1)

    def _list(self, slug: str | None, output: str) -> None:
        slugs = dict(get_tenant_model()._default_manager.values_list("pk", "slug"))
        dead = OutboxJob.objects.dead().order_by("-failed_at")
        if slug is not None:
            if slug not in slugs.values():
                raise CommandError(f'There is no tenant "{slug}". `listtenants` shows all.', returncode=2)
            dead = dead.filter(tenant_id__in=[key for key, value in slugs.items() if value == slug])
        rows = [_row(job, slugs.get(job.tenant_id)) for job in dead]
        if output == "json":
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            self.stdout.write("  ".join(str(row[name]) for name in ("id", "failed_at", "tenant", "job", "error")))


def _row(job: OutboxJob, slug: str | None) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "failed_at": job.failed_at.isoformat() if job.failed_at else None,
        "tenant": slug,  # None: it was deleted
        "job": job.name,
        "args": job.args,
        "kwargs": job.kwargs,
        "attempts": job.attempts,
        "error": job.error,
    }

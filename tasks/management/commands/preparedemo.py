from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from tasks.testdata.demo import DEMO_EMAIL, SLUGS, STAFF_EMAIL, demo_account
from tasks.testdata.loading import PASSWORD, confirm_addresses, existing_slugs, load_accounts, require_owner
from tenancy.roles import OWNER


class Command(BaseCommand):
    help = (
        "Migrate, and make the three demo accounts if they do not exist. All users in them have a known password, so "
        "without DEMO, with another BASE_DOMAIN than localhost and with a PUBLIC_URL of https none are made."
    )
    requires_system_checks: list[str] = []  # they take a second, and the server that starts next runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", action="store_true", help="print where to log in, and as whom")

    def handle(self, **options: Any) -> None:
        require_owner()
        if has_unapplied_migrations():
            call_command("migrate", verbosity=options["verbosity"] - 1)
        if not settings.DEMO:
            refuse_known_passwords()
            self.stdout.write(f"Migrated, without demo accounts: {settings.PUBLIC_URL}/")
            return
        missing = [slug for slug in SLUGS if slug not in existing_slugs(SLUGS)]
        if len(missing) < len(SLUGS):
            self.stdout.write(f"{len(SLUGS) - len(missing)} of {len(SLUGS)} demo accounts existed already.")
        if missing:
            rows = make_demo(missing)
            self.stdout.write(f"Made the demo accounts {', '.join(missing)} with {rows:,} rows.")
        if options["address"]:
            url = settings.PUBLIC_URL.replace("://", f"://{SLUGS[0]}.", 1)
            self.stdout.write(f"Soon at {url}/: log in as {DEMO_EMAIL} with {PASSWORD!r}.")


def has_unapplied_migrations() -> bool:
    """Return whether there are unapplied migrations, without the slow `migrate`."""
    executor = MigrationExecutor(connections[OWNER])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def refuse_known_passwords() -> None:
    """Raise CommandError when a log-in of the demo, made before, still has the known password."""
    people = Q(email__in=[DEMO_EMAIL, STAFF_EMAIL])
    for slug in SLUGS:
        people |= Q(email__endswith=f"@{slug}.example.com")
    for user in User.objects.using(OWNER).filter(people, is_active=True).order_by("email"):
        if user.check_password(PASSWORD):
            raise CommandError(
                f"{user.email} has the password of the demo, and this is not a demo (DEMO, BASE_DOMAIN, PUBLIC_URL). "
                "Start with an empty database, or give the people of the demo accounts other passwords."
            )


def make_demo(slugs: list[str]) -> int:
    """Make demo accounts, and the platform's employee if there is none; return how many rows the accounts have."""
    password, now = make_password(PASSWORD), timezone.now()
    with transaction.atomic(using=OWNER):
        rows = load_accounts([demo_account(slug, now=now) for slug in slugs], password=password)
        staff, is_new = User.objects.using(OWNER).get_or_create(
            email=STAFF_EMAIL, defaults={"name": "Kim Staff", "is_staff": True, "password": password}
        )
        if is_new:
            confirm_addresses([staff])
    return rows

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from tenancy.models import get_tenant_model
from tenancy.routing import forget_tenant


class Command(BaseCommand):
    help = "Suspend a tenant: requests to it return 403 account_suspended. Nothing is deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--undo", action="store_true", help="end the suspension")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        slug, undo = options["slug"], options["undo"]
        tenant = get_tenant_model()._default_manager.select_for_update().filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f'There is no tenant "{slug}". `listtenants` shows all.', returncode=2)
        if undo == (tenant.suspended_at is None or tenant.is_closing):
            self.stdout.write(f"{slug} is {'not suspended' if undo else 'suspended already'}.")
            return
        # The deletion of a tenant stays scheduled.
        tenant.suspended_at = tenant.deleting_since if undo else timezone.now()
        tenant.save(update_fields=["suspended_at"])
        forget_tenant(tenant)
        self.stdout.write(f"{slug} {'works again' if undo else 'is suspended'}.")

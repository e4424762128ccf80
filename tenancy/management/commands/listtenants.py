import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.routing import tenant_origin


class Command(BaseCommand):
    help = "List all tenants: slug, name, variant, address, and whether they are suspended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [_row(tenant) for tenant in get_tenant_model()._default_manager.order_by("slug")]
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            mark = "  (suspended)" if row["suspended_at"] else ""
            self.stdout.write(f"{row['slug']:<24} {row['name']:<32} {row['variant']:<10} {row['url']}{mark}")


def _row(tenant: AbstractTenant) -> dict[str, str | None]:
    return {
        "id": str(tenant.pk),
        "slug": tenant.slug,
        "name": tenant.name,
        "variant": tenant.variant,
        "url": f"{tenant_origin(tenant)}/",
        "suspended_at": tenant.suspended_at.isoformat() if tenant.suspended_at else None,
    }

"""Data migrations of tenant-owned tables."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import migrations

from tenancy.context import tenant_context

type Step = Callable[[Any, Any], None]


class RunPerTenant(migrations.RunPython):
    """Call `code(apps, schema_editor)` once for each tenant, with that tenant active.

    RunPython and RunSQL see no tenant-owned rows, because row-level security applies to the owner too. Suspended tenants are included. All tenants are one transaction, unless the
    migration has `atomic = False`.
    """

    def __init__(self, code: Step, reverse_code: Step | None = None, **kwargs: Any) -> None:
        super().__init__(code, reverse_code, **kwargs)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        return name, list(args), dict(kwargs)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        from_state.clear_delayed_apps_cache()
        self._for_each_tenant(self.code, from_state.apps, schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if self.reverse_code is None:  # as RunPython does
            raise NotImplementedError("This migration is irreversible: it has no reverse_code.")
        self._for_each_tenant(self.reverse_code, from_state.apps, schema_editor)

    def describe(self) -> str:
        return "Data migration, tenant by tenant"

    def _for_each_tenant(self, code: Any, apps: Any, schema_editor: Any) -> None:
        tenants = apps.get_model(settings.TENANT_MODEL)._base_manager.using(schema_editor.connection.alias)
        for tenant in tenants.order_by("pk"):
            with tenant_context(tenant):
                code(apps, schema_editor)

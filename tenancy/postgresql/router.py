from typing import Any

from tenancy import places
from tenancy.context import NoActiveTenant, get_scope
from tenancy.planes import is_placed
from tenancy.roles import OPERATOR


class TenancyRouter:
    """Routes content to the place of its tenant, and reads inside `all_tenants()` to the operator connection.

    It rejects writes in scopes without them.
    """

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        scope = get_scope()
        if scope.all_tenants_reason is not None:
            return OPERATOR
        return places.alias() if scope.tenant is not None and is_placed(model) else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Raise NoActiveTenant inside all_tenants() and as_user(), also for shared models."""
        scope = get_scope()
        if scope.all_tenants_reason is not None or scope.user_id is not None:
            raise NoActiveTenant(f"{model._meta.label}: nothing can be written inside all_tenants() or as_user().")
        return places.alias() if scope.tenant is not None and is_placed(model) else None

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True  # the aliases are roles on one database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == OPERATOR else None  # read-only

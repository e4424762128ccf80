from typing import Any

from tenancy import places
from tenancy.context import NoActiveTenant, get_active_tenant, get_scope
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
        return _place_of(model, **hints)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Raise NoActiveTenant inside all_tenants() and as_user(), also for shared models."""
        scope = get_scope()
        if scope.all_tenants_reason is not None or scope.user_id is not None:
            raise NoActiveTenant(f"{model._meta.label}: nothing can be written inside all_tenants() or as_user().")
        return _place_of(model, **hints)

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True  # the aliases are roles on one database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == OPERATOR else None  # read-only


def _place_of(model: Any, instance: Any = None, **hints: Any) -> str | None:
    """Return the alias of the content of the active tenant, None for other models and without a tenant.

    Content that was read from a database is written there, and what belongs to it is read there, as in Django.
    """
    if get_active_tenant() is None or not is_placed(model):
        return None
    if instance is not None and is_placed(type(instance)) and instance._state.db:
        return str(instance._state.db)
    return places.alias()

"""The fields of tenant-owned models."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from tenancy.context import CrossTenantWrite, require_active_tenant
from tenancy.lines import validate_line


class UUIDv7Field(models.UUIDField):  # type: ignore[type-arg]
    """A primary key that sorts by creation time, made here and never taken from a client.

    Migrations do not record the default: it is not the database's, and its import path may move.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "primary_key": True, "editable": False, "default": uuid7})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("primary_key", "editable", "default"):
            kwargs.pop(fixed, None)
        return name, path, list(args), kwargs


if TYPE_CHECKING:
    Text = models.CharField[str, str]
else:
    Text = models.CharField


class LineField(Text):
    """Text of one line in which something can be seen: what people call a thing.

    In migrations it is a CharField: the column is the same, and what is valid is checked here.
    """

    default_validators = [validate_line]

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", list(args), kwargs


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """`account` of every tenant-owned row, filled from the active tenant when the row is saved.

    Not a default: that would be evaluated for unbound forms, where no tenant need be active.
    """

    def __init__(self, **kwargs: Any) -> None:
        fixed = {
            "to": settings.TENANT_MODEL,
            "on_delete": models.DO_NOTHING,  # erasing a tenant is set-based SQL, one statement per table
            "related_name": "+",
            "db_index": False,  # the primary key starts with it
            "editable": False,
            "blank": True,  # so that full_clean() accepts a row whose tenant is filled in on saving
        }
        super().__init__(**{**kwargs, **fixed})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("to", "on_delete", "related_name", "db_index", "editable", "blank"):
            kwargs.pop(fixed, None)
        return name, path, list(args), kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> UUID:
        """Return the tenant of the row. Raises NoActiveTenant, CrossTenantWrite."""
        check_writable(model_instance)
        tenant_id: UUID = require_active_tenant().pk
        setattr(model_instance, self.attname, tenant_id)
        return tenant_id


def check_writable(instance: models.Model) -> None:
    """Raise NoActiveTenant without a tenant, CrossTenantWrite when `instance` belongs to another."""
    tenant = require_active_tenant()
    owner_id = instance.__dict__.get("account_id")  # not getattr(), which would fetch a deferred column
    if owner_id is not None and owner_id != tenant.pk:
        raise CrossTenantWrite(
            f"{instance._meta.label} {instance.pk} belongs to tenant {owner_id}, but {tenant.pk} is active. "
            "Load and change it inside `with tenant_context(<its tenant>):`."
        )


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference between rows of the same tenant.

    An ordinary ForeignKey to the ORM. In the database it is `(account_id, <field>_id) → (account_id, id)`, because
    foreign-key checks bypass row security: a key on the id alone could point at another tenant's row. Joins compare
    the tenant too. It makes no index; declare one that starts with `account` and the field (tenancy.E009 looks).
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        super().__init__(to, on_delete, **{**kwargs, "db_constraint": False, "db_index": False})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, list(args), kwargs

    def get_extra_restriction(self, alias: str, related_alias: str) -> Any:
        """Return `alias.account_id = related_alias.account_id`; `alias` is the table that the key points to."""
        ours: Any = self.model._meta.get_field("account")
        theirs: Any = self.remote_field.model._meta.get_field("account")
        return Exact(Col(alias, theirs), Col(related_alias, ours))

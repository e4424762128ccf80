"""The fields of tenant-owned models."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from tenancy.context import CrossTenantWrite, require_active_tenant
from tenancy.folding import folded, normalized, sort_key
from tenancy.lines import normalized_line, validate_line


class UUIDv7Field(models.UUIDField):  # type: ignore[type-arg]
    """A UUIDv7 primary key: it sorts by creation time and is never taken from a client.

    Migrations do not contain the default, which Python computes and whose import path may change.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "primary_key": True, "editable": False, "default": uuid7})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("primary_key", "editable", "default"):
            kwargs.pop(fixed, None)
        return name, path, list(args), kwargs


if TYPE_CHECKING:
    Line = models.CharField[str, str]
    Long = models.TextField[str, str]
else:
    Line, Long = models.CharField, models.TextField


class InOneForm:
    """A mixin of fields that normalize text. `in_form()` returns the form that is stored."""

    @staticmethod
    def in_form(text: str) -> str:
        return normalized(text)

    def normalized(self, value: Any) -> Any:
        """Return `value`, normalized if it is text."""
        return self.in_form(value) if isinstance(value, str) else value


class Normalized(InOneForm):
    """A model field that normalizes text to NFC when it validates, saves and filters.

    In migrations it is the Django field that it extends, because the column is the same.
    """

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{self.get_internal_type()}", list(args), kwargs  # type: ignore[attr-defined]

    def to_python(self, value: Any) -> Any:
        return self.normalized(super().to_python(value))  # type: ignore[misc]

    def get_prep_value(self, value: Any) -> Any:
        return self.normalized(super().get_prep_value(value))  # type: ignore[misc]

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.normalized(super().pre_save(model_instance, add))  # type: ignore[misc]
        setattr(model_instance, self.attname, value)  # type: ignore[attr-defined]
        return value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NormalizedText, **kwargs})  # type: ignore[misc]


class NormalizedText(InOneForm, forms.CharField):
    """A form field that normalizes text to NFC before it checks the length."""

    def to_python(self, value: Any) -> Any:
        return self.normalized(super().to_python(value))


class NormalizedLine(NormalizedText):
    """A form field for names: see `normalized_line()`. The model field validates the line."""

    @staticmethod
    def in_form(text: str) -> str:
        return normalized_line(text)


class LineField(Normalized, Line):
    """A name: text of one line with at least one visible character."""

    default_validators = [validate_line]

    @staticmethod
    def in_form(text: str) -> str:
        return normalized_line(text)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NormalizedLine, **kwargs})


class TextField(Normalized, Long):
    """Text of any number of lines."""


class DerivedText:
    """A column computed from other text of the row when it is saved; it is not edited or exported."""

    sources: tuple[str, ...]

    def derive(self, values: Sequence[str]) -> str:
        """Return the text for the values of `sources`."""
        raise NotImplementedError  # SortKey and SearchText, the only two kinds, override it

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        text = self.derive([getattr(model_instance, name) for name in self.sources])
        setattr(model_instance, self.attname, text)  # type: ignore[attr-defined]
        return text


class SortKey(DerivedText, Line):
    """The key that sorts names without regard to case and accents: see `sort_key()`.

    Keys are not unique, so an order needs the id as well. Long names are truncated: an index entry has at most 2,704
    bytes.
    """

    LENGTH = 500

    def __init__(self, *sources: str, **kwargs: Any) -> None:
        self.sources = sources
        fixed = {"max_length": self.LENGTH, "db_collation": "C", "editable": False, "default": "", "db_default": ""}
        super().__init__(**{**kwargs, **fixed})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", list(args), kwargs

    def derive(self, values: Sequence[str]) -> str:
        return sort_key(" ".join(values))[: self.LENGTH]


class SearchText(DerivedText, Long):
    """The text that search compares: see `folded()`. The column is deferred."""

    def __init__(self, *sources: str, **kwargs: Any) -> None:
        self.sources = sources
        super().__init__(**{**kwargs, "db_collation": "C", "editable": False, "default": "", "db_default": ""})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", list(args), kwargs

    def derive(self, values: Sequence[str]) -> str:
        return folded(normalized("\n".join(values)))


def with_derived(row: models.Model, update_fields: Iterable[str] | None) -> set[str] | None:
    """Return the columns that `save()` writes: `update_fields` and the columns derived from them; None for all."""
    derived = [field for field in row._meta.concrete_fields if isinstance(field, DerivedText)]
    if update_fields is not None:
        named = set(update_fields)
        return named | {field.name for field in derived if not named.isdisjoint(field.sources)}
    for field in derived:
        row.__dict__.setdefault(field.attname, "")  # Django does not save deferred columns
    return None


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """The key `account` of a tenant-owned row. `save()` sets it to the active tenant.

    It has no default, because unbound forms evaluate defaults, where no tenant may be active.
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

    def contribute_to_class(self, cls: Any, *args: Any, **kwargs: Any) -> None:
        """Give content no key to the tenant, which can be in another database: see AnchoredToTenant."""
        super().contribute_to_class(cls, *args, **kwargs)
        if hasattr(cls, "placed") and not cls._meta.abstract:  # historical models have what the migration says
            self.db_constraint = not cls.placed

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
    """Raise NoActiveTenant without a tenant, CrossTenantWrite if `instance` belongs to another tenant."""
    tenant = require_active_tenant()
    owner_id = instance.__dict__.get("account_id")  # not getattr(), which would fetch a deferred column
    if owner_id is not None and owner_id != tenant.pk:
        raise CrossTenantWrite(
            f"{instance._meta.label} {instance.pk} belongs to tenant {owner_id}, but {tenant.pk} is active. "
            "Load and change it inside `with tenant_context(<its tenant>):`."
        )


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A composite foreign key between rows of the same tenant.

    An ordinary ForeignKey for the ORM. In the database it is `(account_id, <field>_id) → (account_id, id)`, because
    foreign key checks bypass row-level security: a key on the id alone could refer to a row of another tenant. Joins
    compare the tenant too. It creates no index; declare one that starts with `account` and the field (tenancy.E009).
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        super().__init__(to, on_delete, **{**kwargs, "db_constraint": False, "db_index": False})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, list(args), kwargs

    def get_extra_restriction(self, alias: str, related_alias: str) -> Any:
        """Return `alias.account_id = related_alias.account_id`; `alias` is the referenced table."""
        ours: Any = self.model._meta.get_field("account")
        theirs: Any = self.remote_field.model._meta.get_field("account")
        return Exact(Col(alias, theirs), Col(related_alias, ours))

"""The keys and row-level security of tenant-owned tables, as Django constraints for ordinary migrations.

The metaclass of `TenantModel` adds them to each model.
"""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import BaseConstraint, F
from django.db.utils import DEFAULT_DB_ALIAS

from tenancy.context import get_active_tenant

# An unset setting, and one after SET LOCAL has ended (''), both become NULL, which equals nothing.
ACTIVE_TENANT = "NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid"
ACTIVE_USER = "NULLIF(current_setting('tenancy.user_id', true), '')::uuid"

ANCHOR_TABLE = "tenancy_anchor"  # of tenancy.models.Anchor


class DatabaseOnlyConstraint(BaseConstraint):
    """A constraint that only the database validates."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Accept every instance."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the part of CREATE TABLE: none. The statements follow it, since they need the table."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return None


class TenantPrimaryKey(DatabaseOnlyConstraint):
    """`PRIMARY KEY (account_id, id)`, the target of composite foreign keys."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        columns = ", ".join(quote(model._meta.get_field(name).column) for name in ("account", "id"))
        return f"CONSTRAINT {quote(self.name)} PRIMARY KEY ({columns})"

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"


class TenantRowSecurity(DatabaseOnlyConstraint):
    """Row-level security (FORCE, so also for the owner of the table): only rows of the active tenant are visible."""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        from tenancy.roles import role_name  # settings are not ready when models are imported

        quote = schema_editor.quote_name
        table, owns = quote(model._meta.db_table), f"account_id = {ACTIVE_TENANT}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY tenant ON {table} USING ({owns}) WITH CHECK ({owns}); "
            f"CREATE POLICY operator ON {table} FOR SELECT TO {quote(role_name('operator'))} USING (true)"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"DROP POLICY tenant ON {table}; DROP POLICY operator ON {table}; "
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        )


class UserReadPolicy(DatabaseOnlyConstraint):
    """A policy to read the rows of one user in all tenants. In effect only inside `as_user(user)`."""

    def __init__(self, *, name: str, field: str) -> None:
        super().__init__(name=name)
        self.field = field

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "field": self.field}

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        column = quote(model._meta.get_field(self.field).column)
        return f"CREATE POLICY own ON {quote(model._meta.db_table)} FOR SELECT USING ({column} = {ACTIVE_USER})"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f"DROP POLICY own ON {schema_editor.quote_name(model._meta.db_table)}"


class ErasedWithTenant(DatabaseOnlyConstraint):
    """A foreign key to the tenant with ON DELETE CASCADE, in addition to the one of Django.

    For tables from which the application may not delete: PostgreSQL deletes their rows with the tenant.
    """

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        quote, field = schema_editor.quote_name, model._meta.get_field("account")
        target = field.remote_field.model._meta
        return (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} "
            f"FOREIGN KEY ({quote(field.column)}) REFERENCES {quote(target.db_table)} ({quote(target.pk.column)}) "
            "ON DELETE CASCADE"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"


class AnchoredToTenant(DatabaseOnlyConstraint):
    """A foreign key of content to the anchor of its tenant in the same database, with ON DELETE CASCADE.

    The tenant itself can be in another database.
    """

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} "
            f"FOREIGN KEY ({quote(model._meta.get_field('account').column)}) "
            f"REFERENCES {quote(ANCHOR_TABLE)} (account_id) ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"


class TenantUniqueConstraint(models.UniqueConstraint):
    """Unique within the tenant: `account` is added as the first field or expression.

    It also validates in forms and serializers, which exclude the tenant, so a duplicate is a message at the field and
    no IntegrityError.
    """

    def __init__(self, *expressions: Any, fields: Any = (), name: str, **kwargs: Any) -> None:
        if expressions and expressions[0] != F("account"):
            expressions = (F("account"), *expressions)
        if fields and fields[0] != "account":
            fields = ("account", *fields)
        super().__init__(*expressions, fields=fields, name=name, **kwargs)

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        """Raise ValidationError if another row has these values; at the field if the constraint has only one."""
        tenant = get_active_tenant()
        if instance.account_id is None and tenant is not None:
            instance.account_id = tenant.pk
        try:
            super().validate(model, instance, exclude=set(exclude or ()) - {"account"}, using=using)
        except ValidationError as error:
            own = self.fields[1:]
            if error.code not in ("unique", "unique_together"):
                raise
            field = own[0] if len(own) == 1 else NON_FIELD_ERRORS
            raise ValidationError({field: instance.unique_error_message(model, own)}) from error

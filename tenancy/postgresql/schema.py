"""The schema editor: tables, composite keys and data changes of tenant-owned models in ordinary migrations."""

import re
from typing import Any

from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.backends.postgresql import schema
from django.db.models import Model

from tenancy.fields import TenantForeignKey, TenantKey

# Statements that read existing rows. With FORCE the owner sees none, so they would check and change nothing.
READS_ROWS = re.compile(r"\bFOREIGN\s+KEY\b|\bREFERENCES\b|\bVALIDATE\s+CONSTRAINT\b|^\s*UPDATE\b", re.IGNORECASE)
TABLES = re.compile(r'\b(?:TABLE(?:\s+ONLY)?|REFERENCES|UPDATE)\s+"?(\w+)"?', re.IGNORECASE)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    # Foreign keys of new columns are added by separate statements, which execute() can wrap.
    sql_create_column_inline_fk = ""
    sql_create_tenant_fk = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(column)s) "
        "REFERENCES %(to_table)s (%(to_column)s) DEFERRABLE INITIALLY IMMEDIATE"
    )
    sql_drop_constraint = "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"

    def execute(self, sql: Any, params: Any = ()) -> Any:
        """Execute `sql`. If it reads rows of tables with FORCE ROW LEVEL SECURITY, lift FORCE for this statement.

        It is one message and therefore one transaction, even in a migration that is not atomic.
        """
        tables = self._forced(set(TABLES.findall(str(sql)))) if READS_ROWS.search(str(sql)) else []
        if not tables:
            return super().execute(sql, params)
        if params:
            sql = self.connection.ops.compose_sql(str(sql), params)
        lift = "".join(f"ALTER TABLE {self.quote_name(name)} NO FORCE ROW LEVEL SECURITY; " for name in tables)
        force = "".join(f"; ALTER TABLE {self.quote_name(name)} FORCE ROW LEVEL SECURITY" for name in tables)
        return super().execute(f"{lift}{str(sql).rstrip().rstrip(';')}{force}", None)

    def create_model(self, model: type[Model]) -> None:
        super().create_model(model)
        for field in model._meta.local_fields:
            self._defer_tenant_fk(model, field)

    def add_field(self, model: type[Model], field: Any) -> None:
        super().add_field(model, field)
        self._defer_tenant_fk(model, field)

    def alter_field(self, model: type[Model], old_field: Any, new_field: Any, strict: bool = False) -> None:
        changed = _target(old_field) != _target(new_field)
        if changed and isinstance(old_field, TenantForeignKey):
            self._drop_tenant_fk(model, old_field)
        super().alter_field(model, old_field, new_field, strict)
        if changed:
            self._defer_tenant_fk(model, new_field)

    def _iter_column_sql(
        self, column_db_type: Any, params: Any, model: type[Model], field: Any, *args: Any, **kwargs: Any
    ) -> Any:
        # `id` is the primary key only in Django's state; TenantPrimaryKey creates the real one.
        owned = any(isinstance(each, TenantKey) for each in model._meta.local_fields)
        for part in super()._iter_column_sql(column_db_type, params, model, field, *args, **kwargs):  # type: ignore[misc]
            if not (owned and part == "PRIMARY KEY"):
                yield part

    def _defer_tenant_fk(self, model: type[Model], field: Any) -> None:
        if not isinstance(field, TenantForeignKey):
            return
        table, to_table = model._meta.db_table, field.target_field.model._meta.db_table
        account: str = next(str(each.column) for each in model._meta.local_fields if isinstance(each, TenantKey))
        self.deferred_sql.append(
            Statement(
                self.sql_create_tenant_fk,
                table=Table(table, self.quote_name),
                name=self._fk_constraint_name(model, field, "_tenant_fk_%(to_table)s"),  # type: ignore[attr-defined]
                column=Columns(table, [account, str(field.column)], self.quote_name),
                to_table=Table(to_table, self.quote_name),
                to_column=Columns(to_table, [account, str(field.target_field.column)], self.quote_name),
            )
        )

    def _drop_tenant_fk(self, model: type[Model], field: Any) -> None:
        """Drop the composite key by its name in the catalog, which contains the name of the model at its creation."""
        with self.connection.cursor() as cursor:
            constraints = self.connection.introspection.get_constraints(cursor, model._meta.db_table)
        for name, info in constraints.items():
            if info["foreign_key"] and field.column in info["columns"]:
                table, quoted = self.quote_name(model._meta.db_table), self.quote_name(name)
                self.execute(self.sql_drop_constraint % {"table": table, "name": quoted})

    def _forced(self, tables: set[str]) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relforcerowsecurity AND relname = ANY(%s) ORDER BY relname",
                [list(tables)],
            )
            return [name for (name,) in cursor.fetchall()]


def _target(field: Any) -> str | None:
    """Return the label of the model that a tenant foreign key points to."""
    return field.remote_field.model._meta.label if isinstance(field, TenantForeignKey) else None

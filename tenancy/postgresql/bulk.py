"""Bulk loading of tenant-owned tables, by their owner, with every check, key and policy in force.

PostgreSQL refuses COPY FROM for every role that row security applies to, and under FORCE it applies to the owner too.
So the rows of many tenants are copied into temporary tables, with one COPY per table, and `INSERT … SELECT` takes them
over from there, tenant by tenant, each in its own name and with one message for all its tables.

`exclusive_load()` is for databases without users: it locks the tables, lifts FORCE and copies directly into them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connections, transaction
from psycopg import sql

from tenancy.constraints import ANCHOR_TABLE
from tenancy.context import tenant_context
from tenancy.fields import DerivedText, Normalized
from tenancy.models import AbstractTenant, Anchor, TenantModel, get_tenant_model
from tenancy.roles import OWNER

# Values in the order of the table's fields, as psycopg adapts them; an id may be a UUID or its text.
type Row = Sequence[object]
type TenantRows = Mapping[type[TenantModel], Sequence[Row]]
type Batch = Mapping[AbstractTenant, TenantRows]
type Fields = Mapping[type[TenantModel], Sequence[str]]

CREATE = "CREATE TEMPORARY TABLE {staging} AS SELECT {columns} FROM {table} WITH NO DATA"
COPY = "COPY {target} ({columns}) FROM STDIN"
FOREIGN_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(pg_constraint.oid),
       CASE WHEN relforcerowsecurity THEN relname END
FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid
WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
ORDER BY conname
"""
INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} WHERE account_id = %(tenant)s"


def bulk_create_tenants(tenants: Sequence[AbstractTenant], *, using: str = OWNER) -> None:
    """Insert tenants, each with its anchor, as saving them does. Raises IntegrityError as any insert."""
    with transaction.atomic(using=using):
        get_tenant_model()._default_manager.using(using).bulk_create(tenants)
        for tenant in tenants:
            with tenant_context(tenant):
                Anchor.objects.using(using).create(account_id=tenant.pk)


def bulk_load(batch: Batch, fields: Fields, *, using: str = OWNER) -> int:
    """Insert the rows of several tenants, all or none, and return their number.

    `fields` lists the columns of the rows of each table: always `id`, for references `project_id` and not `project`,
    and never `account_id`, which is the tenant of the rows. Other fields get the values that `save()` would set. The
    order of `fields` is that of loading, so a table follows those that it refers to. Signals are not sent.

    The batch is in memory: load a few tenants at a time, about 20,000 rows. Small batches are slow because of their
    temporary tables, large ones because each tenant scans the rows of all.

    Raises ValueError for tables and fields that cannot be loaded, and
    IntegrityError as any insert, also for a reference to a row of another tenant.
    """
    _require_fields(batch, fields)
    connection = connections[using]
    tables = [_Table(model, names, connection) for model, names in fields.items()]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(table.create)
            # Django converts exceptions of psycopg in execute(), but not inside copy().
            with connection.wrap_database_errors, cursor.copy(table.copy) as copy:
                for tenant, rows in batch.items():
                    table.write(copy, tenant, rows.get(table.model, ()))
        insert = sql.SQL("; ").join([table.insert for table in tables]).as_string()
        for tenant in batch:
            with tenant_context(tenant):
                cursor.execute(insert, {"tenant": tenant.pk})
        # Dropped here and not ON COMMIT: the transaction of the caller may load another batch.
        cursor.execute(sql.SQL("; ").join([table.drop for table in tables]))
    return sum(len(rows) for tenant_rows in batch.values() for rows in tenant_rows.values())


@contextmanager
def exclusive_load(fields: Fields, *, using: str = OWNER) -> Iterator[Callable[[Batch], int]]:
    """Lock the tables of `fields` and give a function that loads a batch, as `bulk_load()` does but in half the time.

    The block is one transaction, in which the owner lifts FORCE ROW LEVEL SECURITY, drops the foreign keys of the
    tables, copies the rows directly into them, and adds the keys again. PostgreSQL then checks each key with one query
    for all rows of the table, so load many rows in a block. Instead of the policy, the function counts that all rows
    of a batch belong to its tenants. Other sessions never see the tables without keys or policies; they wait until the
    block ends, so this is for databases without users.

    Raises ValueError as `bulk_load()`, and for tables that refer to a tenant-owned table without `fields`. Raises
    IntegrityError at the end of the block for a reference to a row that does not exist or belongs to another tenant.
    """
    connection = connections[using]
    tables = [_Table(model, names, connection) for model, names in fields.items()]
    names = [sql.Identifier(ANCHOR_TABLE).as_string(), *(table.quoted_name for table in tables)]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(FOREIGN_KEYS, [names])
        keys = cursor.fetchall()
        locked = {ANCHOR_TABLE} | {table.name for table in tables}
        if unlocked := {to_table for *_, to_table in keys if to_table} - locked:
            raise ValueError(f"The tables refer to {', '.join(sorted(unlocked))}, so `fields` must contain them.")
        _alter(cursor, [(table, f"DROP CONSTRAINT {key}") for table, key, *_ in keys])
        _alter(cursor, [(name, "NO FORCE ROW LEVEL SECURITY") for name in names])

        def load(batch: Batch) -> int:
            _require_fields(batch, fields)
            return sum(_copy(cursor, table, batch, connection) for table in tables)

        yield load
        _alter(cursor, [(table, f"ADD CONSTRAINT {key} {definition}") for table, key, definition, _ in keys])
        _alter(cursor, [(name, "FORCE ROW LEVEL SECURITY") for name in names])


def _alter(cursor: Any, changes: Sequence[tuple[str, str]]) -> None:
    for table, change in changes:
        cursor.execute(f"ALTER TABLE {table} {change}")


def _copy(cursor: Any, table: "_Table", batch: Batch, connection: Any) -> int:
    """Copy the rows of a batch into a table, check that all belong to its tenants, and return their number."""
    rows = sum(len(tenant_rows.get(table.model, ())) for tenant_rows in batch.values())
    if not rows:
        return 0
    owned = (
        f"SELECT count(*) FROM {table.quoted_name} WHERE account_id = ANY(%s)",  # noqa: S608  # a name of ours
        [[tenant.pk for tenant in batch]],
    )
    cursor.execute(*owned)
    (before,) = cursor.fetchone()
    with connection.wrap_database_errors, cursor.copy(table.copy_directly) as copy:
        for tenant, tenant_rows in batch.items():
            table.write(copy, tenant, tenant_rows.get(table.model, ()))
    cursor.execute(*owned)
    (after,) = cursor.fetchone()
    if after - before != rows:
        raise IntegrityError(f"Of {rows} rows of {table.name}, {after - before} belong to the tenants of the batch.")
    return rows


def _require_fields(batch: Batch, fields: Fields) -> None:
    if unknown := {model._meta.label for rows in batch.values() for model in rows if model not in fields}:
        raise ValueError(f"There are rows for {', '.join(sorted(unknown))}, but `fields` does not say what they hold.")


class _Table:
    """A tenant-owned table: the statements that load its rows, through a temporary table or directly."""

    def __init__(self, model: type[TenantModel], names: Sequence[str], connection: Any) -> None:
        self.model = model
        columns = {field.attname: str(field.column) for field in model._meta.local_concrete_fields}
        if "id" not in names or "account_id" in names or not columns.keys() >= set(names):
            raise ValueError(
                f"{model._meta.label} cannot be loaded with the fields {', '.join(names)}: take id and others of "
                f"{', '.join(sorted(columns.keys() - {'id', 'account_id'}))}."
            )
        defaults = _defaults(model, names, connection)
        self.defaults = tuple(defaults.values())
        self.derived = _derived(model, names)
        known = {field.attname: field for field in model._meta.local_concrete_fields}
        self.texts = [
            (place, field.in_form) for place, name in enumerate(names) if isinstance(field := known[name], Normalized)
        ]
        order = [columns[name] for name in ("account_id", *names, *defaults, *(each.attname for each in self.derived))]
        names_in_sql: dict[str, sql.Composable] = {
            "staging": sql.Identifier(f"load_{model._meta.db_table}"[:63]),
            "table": sql.Identifier(model._meta.db_table),
            "columns": sql.SQL(", ").join([sql.Identifier(column) for column in order]),
        }
        self.create = sql.SQL(CREATE).format(**names_in_sql)
        self.copy = sql.SQL(COPY).format(target=names_in_sql["staging"], **names_in_sql)
        self.copy_directly = sql.SQL(COPY).format(target=names_in_sql["table"], **names_in_sql)
        self.name = model._meta.db_table
        self.quoted_name = names_in_sql["table"].as_string()
        self.insert = sql.SQL(INSERT).format(**names_in_sql)
        self.drop = sql.SQL("DROP TABLE {staging}").format(**names_in_sql)

    def write(self, copy: Any, tenant: AbstractTenant, rows: Sequence[Row]) -> None:
        tenant_id, defaults, write_row = str(tenant.pk), self.defaults, copy.write_row
        derived = [(field.derive, places) for field, places in self.derived.items()]
        for row in rows:
            values = list(row)
            for place, in_form in self.texts:
                values[place] = in_form(str(values[place]))
            texts = [derive([str(values[place]) for place in places]) for derive, places in derived]
            write_row((tenant_id, *values, *defaults, *texts))


def _derived(model: type[TenantModel], given: Sequence[str]) -> dict[Any, list[int]]:
    """Return the derived fields, each with the places of its source texts in a row."""
    return {
        field: [given.index(name) for name in field.sources if name in given]
        for field in model._meta.local_concrete_fields
        if isinstance(field, DerivedText) and field.attname not in given
    }


def _defaults(model: type[TenantModel], given: Sequence[str], connection: Any) -> dict[str, Any]:
    """Return the values that `save()` would set for fields that are not given and have no database default."""
    blank = model()
    return {
        field.attname: field.get_db_prep_save(field.pre_save(blank, add=True), connection)
        for field in model._meta.local_concrete_fields
        if not (field.attname in given or field.name == "account" or field.has_db_default())
        and not isinstance(field, DerivedText)
    }

"""The compilers of SQL, with two rules for the statements of the ORM.

A DELETE or UPDATE of tenant-owned rows always names the active tenant. Django deletes rows by their id, which is
unique only within a tenant, so without row-level security such a statement could delete a row of another tenant.

A query reads tables of one plane, and a transaction writes rows of one plane: see `tenancy.planes`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import compiler
from django.db.models import F
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND, WhereNode

from tenancy.fields import TenantKey
from tenancy.models import InScope
from tenancy.planes import CrossPlaneQuery, placed_tables


class OnePlane:
    """A mixin of compilers that raises CrossPlaneQuery for a query that reads tables of both planes."""

    query: Any
    connection: Any

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        with self._collected_tables():
            if self.query.model is not None:  # not of a condition alone, by which Django validates a constraint
                self._collect(self.query.get_meta().db_table)  # of a statement without FROM
            return super().as_sql(*args, **kwargs)  # type: ignore[misc]

    @contextmanager
    def _collected_tables(self) -> Iterator[None]:
        """Collect the tables of the query with its subqueries, which are compiled inside the block."""
        outer = self.connection.tables_of_query
        if outer is not None:
            yield
            return
        tables = self.connection.tables_of_query = set()
        try:
            yield
        finally:
            self.connection.tables_of_query = None
        _require_one_plane(tables)

    def get_from_clause(self) -> Any:
        """Return the tables as Django does. Those of `select_related()` and of the order are known only here."""
        clause = super().get_from_clause()  # type: ignore[misc]
        for alias, table in self.query.alias_map.items():
            if self.query.alias_refcount[alias]:
                self._collect(table.table_name)
        return clause

    def _collect(self, table: str) -> None:
        self.connection.tables_of_query.add(table)


def _require_one_plane(tables: set[str]) -> None:
    planes = placed_tables()
    if len({planes[table] for table in tables if table in planes}) > 1:
        placed = sorted(table for table in tables if planes.get(table))
        control = sorted(table for table in tables if planes.get(table) is False)
        raise CrossPlaneQuery(
            f"A query reads {', '.join(placed)}, which can be stored in another database, together with "
            f"{', '.join(control)}. Prefetch the rows, or read their ids first."
        )


class SQLCompiler(OnePlane, compiler.SQLCompiler):
    """SELECT."""


class SQLAggregateCompiler(OnePlane, compiler.SQLAggregateCompiler):
    """SELECT of an aggregate over a subquery."""


class Writes(OnePlane):
    """A mixin of compilers that raises CrossPlaneTransaction for a write in a transaction of the other plane."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        compiled = super().as_sql(*args, **kwargs)
        self.connection.will_write(self.query.get_meta())
        return compiled


class SQLInsertCompiler(Writes, compiler.SQLInsertCompiler):
    """INSERT."""


class SQLDeleteCompiler(Writes, compiler.SQLDeleteCompiler):
    """DELETE of rows of the active tenant. Raises NoActiveTenant."""

    def _as_sql(self, query: Any) -> Any:
        _name_tenant(query)
        return super()._as_sql(query)  # type: ignore[misc]


class SQLUpdateCompiler(Writes, compiler.SQLUpdateCompiler):
    """UPDATE of rows of the active tenant. Raises NoActiveTenant."""

    def pre_sql_setup(self, *args: Any, **kwargs: Any) -> Any:
        prepared = super().pre_sql_setup(*args, **kwargs)
        _name_tenant(self.query)
        return prepared


def _name_tenant(query: Any) -> None:
    """Add the active tenant to the condition of a statement that changes tenant-owned rows."""
    fields = query.get_meta().local_fields  # historical models of migrations have them, but another base class
    if any(isinstance(field, TenantKey) for field in fields) and not _names_tenant(query.where):
        condition = InScope(F("account_id")).resolve_expression(query, allow_joins=False)
        query.where.add(Exact(condition, True), AND)


def _names_tenant(where: Any) -> bool:
    if isinstance(where, Exact):  # Django compares a condition with True
        return isinstance(where.lhs, InScope) and where.rhs is True
    if not isinstance(where, WhereNode) or where.negated or where.connector != AND:
        return False
    return any(_names_tenant(child) for child in where.children)

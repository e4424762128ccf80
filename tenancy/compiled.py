"""Queries that Django compiles once in a process, for statements that almost every request executes."""

from collections.abc import Callable, Sequence
from functools import cached_property
from inspect import signature
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet, Value

from tenancy.context import Scope, require_active_tenant, scoped
from tenancy.models import TenantModel, get_tenant_model


class _Parameter:
    """Stands for a value while the query is compiled."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Columns(NamedTuple):
    """The places of a model's columns in a row, and their names."""

    model: type[Model]
    names: list[str]
    start: int
    end: int

    def instance(self, row: Sequence[Any]) -> Any:
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.start : self.end])


class CompiledQuery[M: TenantModel]:
    """A query for one row of the active tenant. Its SQL is the same for all calls; only the values change.

    Django takes longer to build and compile a join than to execute it. `build` gets an expression for each of its
    parameters and returns a queryset of `model`, which it may filter with them. It is called once, so it must read
    nothing else that changes, such as the time. `related` are foreign keys, not null, whose rows are selected too, and
    `annotated` the names of annotations of the queryset.
    """

    _tenant = _Parameter("the active tenant")

    def __init__(
        self,
        model: type[M],
        build: Callable[..., QuerySet[M]],
        *,
        related: Sequence[str] = (),
        annotated: Sequence[str] = (),
    ) -> None:
        self._model, self._build, self._related, self._annotated = model, build, related, annotated
        self._names = frozenset(signature(build).parameters)

    def first(self, **values: object) -> M | None:
        """Return the row, or None; any of them if there are several. One statement, on the default connection.

        `values` are those of the parameters of `build`, none of them None. Raises NoActiveTenant, and TypeError for
        other names and for None.
        """
        tenant = require_active_tenant()
        if values.keys() != self._names or None in values.values():
            raise TypeError(f"A value other than None is needed for each of {', '.join(sorted(self._names))}.")
        sql, parameters = self._statement
        given = {self._tenant.name: tenant.pk, **values}
        ordered: list[Any] = [given[each.name] if isinstance(each, _Parameter) else each for each in parameters]
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, ordered)
            row = cursor.fetchone()
        return None if row is None else self._instance(row)

    def _instance(self, row: Sequence[Any]) -> M:
        found = cast(M, self._own.instance(row))
        for name, columns in self._of_related:
            setattr(found, name, columns.instance(row))
        for name, value in zip(self._annotated, row[len(row) - len(self._annotated) :], strict=True):
            setattr(found, name, value)
        return found

    @cached_property
    def _statement(self) -> tuple[str, Sequence[object]]:
        """The SQL with its parameters, of which those of the tenant and of `build` are still to be replaced."""
        related = [f"{name}__{each}" for name, columns in self._of_related for each in columns.names]
        tenant: Any = get_tenant_model()()
        tenant.pk = self._tenant
        with scoped(Scope(tenant=tenant)):
            rows = self._build(**{name: Value(_Parameter(name)) for name in self._names}).order_by()
            query = rows.values_list(*self._own.names, *related, *self._annotated)[:1].query
            sql, parameters = query.sql_with_params()
        found = {each.name for each in parameters if isinstance(each, _Parameter)}
        if found != {self._tenant.name, *self._names}:
            raise TypeError(f"The query of {self._model._meta.label} does not use each parameter.")
        return sql, parameters

    @cached_property
    def _own(self) -> _Columns:
        return _columns(self._model, 0)

    @cached_property
    def _of_related(self) -> list[tuple[str, _Columns]]:
        keys = [self._model._meta.get_field(name) for name in self._related]
        if nullable := [key.name for key in keys if key.null]:
            raise TypeError(f"{self._model._meta.label}: {', '.join(nullable)} can be null.")
        found, start = [], self._own.end
        for key in keys:
            columns = _columns(cast(type[Model], key.related_model), start)
            found.append((key.name, columns))
            start = columns.end
        return found


def _columns(model: type[Model], start: int) -> _Columns:
    """Return the columns of a model, which begin at `start`. Raises TypeError for one whose values are converted."""
    fields = model._meta.concrete_fields
    if converted := [field.name for field in fields if field.get_db_converters(connections[DEFAULT_DB_ALIAS])]:
        raise TypeError(f"{model._meta.label}: values of {', '.join(converted)} are converted after the query.")
    return _Columns(model, [field.attname for field in fields], start, start + len(fields))

"""Rows of lists as JSON, without the general code of serializers, which runs for each field of each row."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from accounts.rest.serializers import Choice, Flag, Moment, RowField, RowListField, Text

type Rows = Callable[[Iterable[Model]], list[dict[str, Any]]]

# Fields whose value in a model is their value in JSON. JSON has UUIDs and days as text, which the renderer writes.
PLAIN = {
    Text,
    Choice,
    Flag,
    serializers.IntegerField,
    serializers.DateField,
    serializers.UUIDField,
    serializers.JSONField,
    serializers.ReadOnlyField,
}


@cache
def rows_of(serializer_class: type[serializers.BaseSerializer[Any]]) -> Rows | None:
    """Return a function that represents rows as `serializer_class` does.

    None for a serializer that does more than to show attributes of its model.
    """
    if not _is_plain(serializer_class):
        return None
    fields = [field for field in serializer_class().fields.values() if not field.write_only]  # type: ignore[attr-defined]
    model = serializer_class.Meta.model  # type: ignore[attr-defined]
    names, sources, changes = [], [], []
    for field in fields:
        if not _is_plain_field(field, model):
            return None
        names.append(field.field_name)
        sources.append(_source(field, model))
        if change := _change(field):
            changes.append((field.field_name, change))
    return _compile(names, attrgetter(*sources), changes)


def _compile(names: list[str], read: Callable[[Any], Any], changes: list[tuple[str, Callable[[Any], Any]]]) -> Rows:
    def represent(rows: Iterable[Model]) -> list[dict[str, Any]]:
        found = [dict(zip(names, read(row), strict=True)) for row in rows]
        for name, change in changes:
            for row in found:
                if row[name] is not None:
                    row[name] = change(row[name])
        return found

    return represent


def _is_plain(serializer_class: type[Any]) -> bool:
    """Return whether a class leaves the representation to the general code, and has more than one field."""
    general, names = serializers.ModelSerializer, ("to_representation", "get_fields", "__init__")
    if not issubclass(serializer_class, general) or len(serializer_class.Meta.fields) < 2:
        return False
    return all(getattr(serializer_class, name) is getattr(general, name) for name in names)


def _is_plain_field(field: Any, model: type[Model]) -> bool:
    if type(field) not in PLAIN | {Moment, RowField, RowListField}:
        return False
    # A method would be called by the general code.
    return len(field.source_attrs) == 1 and not callable(getattr(model, field.source, None))


def _source(field: Any, model: type[Model]) -> str:
    """Return the name of the attribute with the value of a field."""
    if isinstance(field, RowListField):
        return field.ids
    if isinstance(field, RowField):
        return str(model._meta.get_field(field.source).attname)  # type: ignore[arg-type,union-attr]
    return str(field.source)


def _change(field: Any) -> Callable[[Any], Any] | None:
    """Return what is done to a value that is not None."""
    if isinstance(field, Moment):
        return _in_utc
    return field.to_representation if isinstance(field, RowListField) else None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)

"""Changing and checking rows before they are saved, with messages that forms and the API show at the field."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from tenancy.fields import InOneForm
from tenancy.lines import normalized_line


def is_same_name(typed: str, name: str) -> bool:
    """Say whether somebody has typed a name to confirm something.

    Spaces and letters in small or large make no difference: the point is to think, not to type well.
    """
    return _plain(typed) == _plain(name)


def _plain(text: str) -> str:
    return " ".join(normalized_line(text).split()).casefold()


def assign(row: Model, fields: Mapping[str, Any]) -> set[str]:
    """Set `fields` on `row` and return the names of those that are different now."""
    given = {name: _in_form(row, name, value) for name, value in fields.items()}
    changed = {name for name, value in given.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, given[name])
    return changed


def _in_form(row: Model, name: str, value: Any) -> Any:
    field = row._meta.get_field(name)
    return field.normalized(value) if isinstance(field, InOneForm) else value


def validate_fields(row: Model, names: Iterable[str]) -> None:
    """Check these fields of `row`, and the constraints that concern no others. Raises ValidationError.

    Foreign keys cost a query each; leave out those whose rows the caller has.
    """
    wanted = set(names)
    row.full_clean(exclude={field.name for field in row._meta.fields} - wanted)

"""Changing and checking rows before they are saved, and passwords, with messages that forms and the API show."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from tenancy.context import get_active_tenant
from tenancy.fields import InOneForm
from tenancy.lines import normalized_line


def is_same_name(typed: str, name: str) -> bool:
    """Return whether a name that was typed as a confirmation is the right one, without regard to case and spaces."""
    return _plain(typed) == _plain(name)


def _plain(text: str) -> str:
    return " ".join(normalized_line(text).split()).casefold()


def assign(row: Model, fields: Mapping[str, Any]) -> set[str]:
    """Set `fields` on `row` and return the names of those that have changed."""
    given = {name: _in_form(row, name, value) for name, value in fields.items()}
    changed = {name for name, value in given.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, given[name])
    return changed


def _in_form(row: Model, name: str, value: Any) -> Any:
    field = row._meta.get_field(name)
    return field.normalized(value) if isinstance(field, InOneForm) else value


def validate_fields(row: Model, names: Iterable[str]) -> None:
    """Validate these fields of `row`, and the constraints on them alone. Raises ValidationError.

    Each foreign key costs a query; leave out those whose rows the caller has loaded.
    """
    wanted = set(names)
    row.full_clean(exclude={field.name for field in row._meta.fields} - wanted)


SHORT = 3  # words of so few letters are in many passwords by chance
# The first guesses for a password of this product, in lower case.
OBVIOUS = (settings.PRODUCT_NAME.casefold(), "password", "passwort", "task tracker", "tasktracker")


class NothingObvious:
    """Refuses passwords that contain the name of the product, or the slug or name of the active account."""

    def validate(self, password: str, user: Any = None) -> None:
        typed, account = password.casefold(), get_active_tenant()
        words = (*OBVIOUS, account.slug, account.name.casefold()) if account else OBVIOUS
        if any(word in typed for word in words if len(word) > SHORT):
            raise ValidationError(self.get_help_text(), code="password_obvious")

    def get_help_text(self) -> str:
        return _("The password contains a word that is easy to guess for this account.")

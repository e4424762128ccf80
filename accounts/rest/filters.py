"""Filters of lists. Unknown, empty and repeated parameters are refused, not ignored."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from django_filters.fields import IsoDateTimeField

from tenancy.fields import NormalizedText


class StrictForm(forms.Form):
    """Refuses a parameter without a value, which would be ignored. StrictView refuses repeated parameters."""

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            if name in self.data and self.data[name].strip() in EMPTY_VALUES:
                self.add_error(name, _("Give this parameter a value, or omit it."))
        return self.cleaned_data


class StrictFilterSet(filters.FilterSet):  # type: ignore[misc]
    """Filters whose names are the query parameters of a list. A view sets its own as `filterset_class`.

    Ids of rows that are foreign, hidden or absent all match nothing.
    """

    base_filters: dict[str, Any]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            # Every request copies and builds its filters, so those that change nothing are left out.
            self.base_filters = {
                name: each for name, each in self.base_filters.items() if name in data or each.extra["required"]
            }
        super().__init__(data, *args, **kwargs)

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: each.field for name, each in self.filters.items()}
        return type(f"{type(self).__name__}Form", (StrictForm,), fields)


class ArchivedFilterSet(StrictFilterSet):
    """`archived`, for querysets that have `active()` and `archived()`."""

    archived = filters.ChoiceFilter(
        choices=[("false", _("active")), ("true", _("archived")), ("all", _("all"))],
        method="filter_archived",
        label=_("`false`, which is the default, `true` or `all`."),
        error_messages={"invalid_choice": _("Must be `false`, `true` or `all`.")},
    )

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        match self.form.cleaned_data.get("archived") or "false":
            case "false":
                return queryset.active()
            case "true":
                return queryset.archived()
        return queryset

    def filter_archived(self, queryset: Any, name: str, value: str) -> Any:
        """Return `queryset` unchanged: `filter_queryset()` applies the parameter, because it has a default."""
        return queryset


class IdOr(NormalizedText):
    """A UUID, or one of several words. Its value is a `UUID` or the word."""

    def __init__(self, *, words: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = frozenset(str(word) for word in words)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in EMPTY_VALUES or text in self.words:
            return text
        try:
            return UUID(text)
        except ValueError as error:
            words = ", ".join(f"`{word}`" for word in sorted(self.words))
            raise forms.ValidationError(_("Must be an id or one of %(words)s."), params={"words": words}) from error


class TextFilter(filters.CharFilter):  # type: ignore[misc]
    """A text, in NFC."""

    field_class = NormalizedText


class IdOrFilter(filters.Filter):  # type: ignore[misc]
    """`IdOrFilter(words=…, method=…)`"""

    field_class = IdOr


class FlagFilter(filters.TypedChoiceFilter):  # type: ignore[misc]
    """`true` or `false`; no other spellings."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", _("yes")), ("false", _("no"))]
        super().__init__(**kwargs, choices=choices, coerce=lambda text: text == "true")


class DayFilter(filters.DateFilter):  # type: ignore[misc]
    """A date in ISO 8601, not in a local format."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, input_formats=["%Y-%m-%d"])


class Moment(IsoDateTimeField):  # type: ignore[misc]
    """A time, whose value is in UTC: PostgreSQL refuses offsets of 16 hours and more.

    A text without an offset is in UTC too, like all times of the API, and not in the time zone of the request.
    """

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            moment = cast("datetime | None", super().to_python(value))
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:  # before the year 1 or after 9999
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A time in ISO 8601."""

    field_class = Moment

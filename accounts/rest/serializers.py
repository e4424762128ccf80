"""Fields and serializers of the API: unknown input is refused, and rows that a member may not see do not exist."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tenancy.folding import normalized
from tenancy.lines import normalized_line, validate_line
from tenancy.models import TenantModel

# The same text for rows that are foreign, hidden or absent. It does not repeat the id, so the answers are identical.
NO_SUCH_ROW = _("This object does not exist, or you may not see it.")
NOT_AN_ID = _("Must be the id of an object, a UUID.")


class Text(serializers.CharField):
    """Normalized text. Numbers are refused.

    `as_typed` is for passwords, which are hashed without normalization.
    """

    def __init__(self, *, as_typed: bool = False, **kwargs: Any) -> None:
        self.as_typed = as_typed
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if self.as_typed:
            return text
        return normalized_line(text) if validate_line in self.validators else normalized(text)


class Flag(serializers.BooleanField):
    """`true` or `false`, and not one of the words for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """One of some texts. REST framework would take a number or a list that looks like one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))


class Moment(serializers.DateTimeField):
    """A time in UTC, independently of the time zone of the pages."""

    timezone = UTC


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields by name. Fields that are known and read-only are ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: [_("Unknown field.")] for name in unknown})
        return super().to_internal_value(data)


class EmptyBody(StrictSerializer):
    """The body of a request that needs none: nothing, or an object without fields."""


class StrictModelSerializer[M: TenantModel](StrictSerializer, serializers.ModelSerializer[M]):
    """Checks types. Values are checked by the actions, for pages and API alike, so `save()` is not used."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.BooleanField: Flag,
        models.DateTimeField: Moment,
    }
    serializer_choice_field = Choice

    def get_validators(self) -> list[Any]:
        return []


class RowField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of one row, of those in `queryset` that are `visible_to()` the member who asks.

    Where rows have other names too, the queryset's `named()` knows them.
    """

    default_error_messages = {"does_not_exist": NO_SUCH_ROW, "incorrect_type": NOT_AN_ID}

    def to_internal_value(self, data: Any) -> TenantModel:
        queryset: Any = self.get_queryset()
        if hasattr(queryset, "named") and isinstance(data, str):
            try:
                row = queryset.visible_to(self.context["request"].membership).named(data).first()
            except ValueError:
                self.fail("incorrect_type")
            if row is None:
                self.fail("does_not_exist")
            return cast(TenantModel, row)
        (row,) = _find(self, queryset, [data])
        return row


class RowListField(serializers.Field[Any, Any, Any, Any]):
    """The ids of rows that the member may see; duplicates count once.

    `ids` is the attribute of a row with the list of ids, such as an annotation. What comes out is sorted, so that the
    same rows always make the same answer. `kept` are rows that may stay in a list that has them already, although they
    are not in `queryset` any more: clients send lists back as they got them.
    """

    default_error_messages = {
        "does_not_exist": NO_SUCH_ROW,
        "incorrect_type": NOT_AN_ID,
        "not_a_list": _("Must be a list of ids."),
        "max_length": _("Must be at most {max_length} ids."),
    }
    max_length = 100

    def __init__(
        self, *, queryset: models.QuerySet[Any], ids: str, kept: models.QuerySet[Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.queryset, self.ids, self.kept = queryset, ids, kept

    def get_attribute(self, instance: TenantModel) -> list[UUID]:
        return cast(list[UUID], getattr(instance, self.ids))

    def to_representation(self, value: list[UUID]) -> list[str]:
        return sorted(str(each) for each in value)

    def to_internal_value(self, data: Any) -> list[TenantModel]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return _find(self, self.queryset.all() if self.kept is None else self._with_kept(self.kept), data)

    def _with_kept(self, kept: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the allowed rows: those of `queryset`, and those of `kept` that the object has already.

        The action compares with the locked list, and checks added rows.
        """
        present = self.get_attribute(self.root.instance) if isinstance(self.root.instance, TenantModel) else []
        return self.queryset.all() | kept.filter(pk__in=present)


def _find(field: serializers.Field[Any, Any, Any, Any], queryset: Any, ids: list[Any]) -> list[TenantModel]:
    """Return the rows with `ids`, in one query. Fails the field if one of them is not an id or not found."""
    try:
        wanted = list(dict.fromkeys(UUID(each) for each in ids))
    except (ValueError, TypeError, AttributeError):
        field.fail("incorrect_type")
    found = queryset.visible_to(field.context["request"].membership).in_bulk(wanted)
    if len(found) != len(wanted):
        field.fail("does_not_exist")
    return [found[each] for each in wanted]

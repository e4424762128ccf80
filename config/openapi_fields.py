"""Schemas of fields and parameters in the OpenAPI document: exactly the accepted values, so that tools can check them.

Schemathesis does: `tests/fuzz`.
"""

from typing import Any

from django.core.validators import RegexValidator
from django_filters import filters
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from accounts.rest.filters import FlagFilter, IdOrFilter
from tenancy.lines import validate_line

ID = {"type": "string", "format": "uuid"}
ID_OR_KEY = {
    "description": "The id, or the key such as `WEB-42`.",
    "anyOf": [dict(ID), {"type": "string", "pattern": "^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,9}$"}],
}
# PostgreSQL stores no text with U+0000. Text that consists of space is blank and is refused like "".
# All space characters of Python, since `\s` differs in JavaScript, whose syntax the patterns have.
_SPACE = r"\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_ANY, _LETTER = r"[^\u0000]*", rf"[^\u0000{_SPACE}]"
NO_NUL = f"^{_ANY}$"
# The values that `validate_line()` accepts, except invisible text. Space around a line is stripped first.
_NO_BREAK = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*"
_VISIBLE = r"[^\u0000-\u0020\u007f-\u00a0\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f\u2066-\u2069\u3000]"
LINE = f"^[{_SPACE}]*{_NO_BREAK}{_VISIBLE}{_NO_BREAK}[{_SPACE}]*$"
NOT_BLANK = f"^{_ANY}{_LETTER}{_ANY}$"
# Two letters, or one of a script without spaces between words (see `validate_query()`); what is around is not counted.
_UNSPACED = r"[\u0e00-\u109f\u1780-\u17ff\u2e80-\u2fff\u3001-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc]"
QUERY = f"^{_ANY}(?:{_LETTER}{_ANY}{_LETTER}|{_UNSPACED}){_ANY}$"

_TAG = r'(W/)?"[!#-~]*"'
TAGS = {"type": "string", "pattern": rf"^(\*|{_TAG}([ \t]*,[ \t]*{_TAG})*)$"}
IDEMPOTENCY_KEY = {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255}


class TextScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.serializers.Text"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        field = self.target
        schema: dict[str, Any] = auto_schema._map_serializer_field(field, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        schema["type"] = "string"  # and not ["string", "null"]: the caller adds "null" if it is allowed
        # An explicit pattern is complete, unless space around the value is allowed.
        says_all = any(isinstance(each, RegexValidator) for each in field.validators) and not field.trim_whitespace
        if direction == "request" and not says_all:
            is_trimmed = field.trim_whitespace and not field.allow_blank
            schema["pattern"] = LINE if validate_line in field.validators else NOT_BLANK if is_trimmed else NO_NUL
        return schema


class RowScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.serializers.RowField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        is_named = hasattr(self.target.queryset, "named") and direction == "request"
        return dict(ID_OR_KEY if is_named else ID)


class RowListScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.serializers.RowListField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return {"type": "array", "items": dict(ID), "maxItems": self.target.max_length}


class FilterParameters(DjangoFilterExtension):  # type: ignore[no-untyped-call]
    """Adds formats and patterns to the types of filters."""

    priority = 1  # before the extension that it replaces

    def resolve_filter_field(
        self, auto_schema: AutoSchema, model: Any, filterset_class: Any, field_name: str, filter_field: Any
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().resolve_filter_field(  # type: ignore[no-untyped-call]
            auto_schema, model, filterset_class, field_name, filter_field
        )
        for parameter in found:
            parameter["schema"] = _schema_of(filter_field) or parameter["schema"]
        return found


def _schema_of(field: Any) -> dict[str, Any]:  # noqa: PLR0911  # a line for each kind of filter
    """Return the schema of the values of a filter, {} if its type is sufficient."""
    from tasks.api.filters import TaskNameFilter  # whose package needs the schema class, and that this module
    from tasks.queries import validate_query

    match field:
        case IdOrFilter():
            return {
                "anyOf": [dict(ID), {"type": "string", "enum": sorted(str(word) for word in field.extra["words"])}]
            }
        case TaskNameFilter():
            return {"anyOf": ID_OR_KEY["anyOf"]}
        case FlagFilter():
            return {"type": "string", "enum": ["false", "true"]}
        case filters.UUIDFilter():
            return dict(ID)
        case filters.ChoiceFilter():
            return {"type": "string", "enum": sorted(str(value) for value, _ in field.extra["choices"])}
        case filters.CharFilter():
            most = field.extra.get("max_length")
            pattern = QUERY if validate_query in field.extra.get("validators", ()) else NOT_BLANK
            return {"type": "string", "pattern": pattern, "minLength": 1} | ({"maxLength": most} if most else {})
    return {}

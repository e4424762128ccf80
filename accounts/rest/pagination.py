"""Keyset pagination: pages neither skip nor repeat rows, with equal values and while rows are added."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tenancy.context import require_active_tenant


@dataclass(frozen=True)
class Cursor:
    """A position between two rows: the values of the row on one side, and the direction in which to read on."""

    values: tuple[Any, ...]
    backwards: bool


class KeysetPagination(BasePagination):
    """`{next, previous, results}`, by the values of the last row and not by an offset.

    CursorPagination of REST framework counts rows with equal values and fails after a thousand of them, which one bulk
    load creates. Here the order, `view.get_order()`, ends with a unique field; it may name annotations. Cursors are
    signed together with their tenant and order, so a forged cursor, or one of another list, is refused.
    """

    CURSOR = "cursor"
    SIZE = "page_size"
    default_size = 50
    max_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        self.order: tuple[str, ...] = tuple(view.get_order())
        self.signer = Signer(salt=f"{require_active_tenant().pk}:{queryset.model._meta.label}:{','.join(self.order)}")
        self.fields = [self._field(queryset, name.removeprefix("-")) for name in self.order]
        size, cursor = self._size(request), self._cursor(request)
        backwards = cursor is not None and cursor.backwards
        order = [_reverse(name) for name in self.order] if backwards else list(self.order)
        if cursor is not None:
            queryset = queryset.filter(_after(order, cursor.values))
        rows = list(queryset.order_by(*order)[: size + 1])
        more = len(rows) > size
        self.page = rows[:size][::-1] if backwards else rows[:size]
        self.has_next = backwards or more
        self.has_previous = more if backwards else cursor is not None
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        following = self._link(self.page[-1], backwards=False) if self.page and self.has_next else None
        preceding = self._link(self.page[0], backwards=True) if self.page and self.has_previous else None
        return Response({"next": following, "previous": preceding, "results": data})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters for the OpenAPI document."""
        size = {"type": "integer", "minimum": 1, "maximum": self.max_size, "default": self.default_size}
        described = (
            (self.CURSOR, {"type": "string"}, "From `next` or `previous`."),
            (self.SIZE, size, "Rows of a page."),
        )
        return [
            {"name": name, "in": "query", "required": False, "schema": schema, "description": about}
            for name, schema, about in described
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a page for the OpenAPI document."""
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def _size(self, request: Request) -> int:
        text = request.query_params.get(self.SIZE)
        if text is None:
            return self.default_size
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= self.max_size:
            limit = {"max": self.max_size}
            raise ValidationError({self.SIZE: [_("Must be a whole number from 1 to %(max)d.") % limit]})
        return int(text)

    def _cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get(self.CURSOR)
        if text is None:
            return None
        try:
            backwards, *values = self.signer.unsign_object(text)
        except BadSignature as error:
            message = _("Must be the cursor of the `next` or `previous` of this list.")
            raise ValidationError({self.CURSOR: [message]}) from error
        pairs = zip(self.fields, values, strict=True)
        return Cursor(tuple(field.to_python(value) for field, value in pairs), bool(backwards))

    def _link(self, row: Model, *, backwards: bool) -> str:
        values = [_text(getattr(row, name.removeprefix("-"))) for name in self.order]
        text = self.signer.sign_object([backwards, *values])
        return replace_query_param(self.url, self.CURSOR, text)

    def _field(self, queryset: Any, name: str) -> Any:
        """Return the field that parses the text of a cursor."""
        annotation = queryset.query.annotations.get(name)
        return annotation.output_field if annotation is not None else queryset.model._meta.get_field(name)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _reverse(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the condition that a row comes after the one with `values`.

    For two fields: `a >= x AND (a > x OR a = x AND b > y)`. The first part is redundant, but an index can use it.
    """
    (name, *names), (value, *rest) = order, values
    field = name.removeprefix("-")
    side = "lt" if name.startswith("-") else "gt"
    beyond = Q(**{f"{field}__{side}": value})
    if not names:
        return beyond
    return Q(**{f"{field}__{side}e": value}) & (beyond | Q(**{field: value}) & _after(names, rest))

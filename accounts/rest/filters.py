"""Filters of lists. Each names its query parameters in `parameters`; others are refused by the view."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request


class ArchivedFilter(BaseFilterBackend):
    """`archived` = `false` (the default), `true` or `all`, for querysets that have `active()` and `archived()`."""

    parameters = ("archived",)

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        match request.query_params.get("archived", "false"):
            case "false":
                return queryset.active()
            case "true":
                return queryset.archived()
            case "all":
                return queryset
        raise ValidationError({"archived": [_("Must be `false`, `true` or `all`.")]})

"""`audit/`: who did what in the account, for owners and admins"""

import csv
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from io import StringIO
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.models import AuditEntry
from accounts.rest.filters import MomentFilter, StrictFilterSet
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet
from accounts.spreadsheets import cell
from tenancy.context import require_active_tenant

ROWS = 500  # of the export that are read at a time


class AuditEntrySerializer(StrictModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = ("id", "action", "actor", "actor_email", "ip", "object_id", "data", "created_at")
        read_only_fields = fields


class AuditFilterSet(StrictFilterSet):
    action = filters.CharFilter(max_length=50)
    actor = filters.UUIDFilter(field_name="actor_id")
    since = MomentFilter(field_name="created_at", lookup_expr="gte")


class AuditViewSet(ReadOnlyTenantViewSet[AuditEntry]):
    """What was done that matters for who sees or may do what, newest first. Nobody can change it."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilterSet
    order = ("-created_at", "-id")
    permissions = {"list": "audit.read", "retrieve": "audit.read", "export": "audit.read"}

    def query_parameters(self) -> set[str]:
        if getattr(self, "action", None) == "export":
            return set(AuditFilterSet.base_filters)
        return super().query_parameters()

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=True)
    @action(detail=False, pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """All of it as CSV, newest first, with the filters of the list."""
        return as_csv(request._request, self.filter_queryset(self.get_queryset()))


def as_csv(request: HttpRequest, rows: QuerySet[AuditEntry]) -> StreamingHttpResponse:
    """Answer with entries as a CSV file, newest first, which is sent while they are read."""
    rows = rows.order_by("-created_at", "-id")
    # Django would collect a body of the other kind before it sends the first byte.
    pieces = _async_pages(rows) if isinstance(request, ASGIRequest) else _pages(rows)
    name = f"audit-{require_active_tenant().slug}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


def _pages(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    """Yield the export in pieces. Each is a query of its own, since an open cursor could mix tenants."""
    yield _csv([AuditEntrySerializer.Meta.fields])
    last = None
    while page := _page_after(rows, last):
        last = page[-1]
        yield _csv(_cells(row) for row in page)


async def _async_pages(rows: QuerySet[AuditEntry]) -> AsyncIterator[str]:
    yield _csv([AuditEntrySerializer.Meta.fields])
    last = None
    while page := await sync_to_async(_page_after)(rows, last):
        last = page[-1]
        yield _csv(_cells(row) for row in page)


def _page_after(rows: QuerySet[AuditEntry], last: AuditEntry | None) -> list[AuditEntry]:
    if last is not None:
        older = Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk)
        rows = rows.filter(older, created_at__lte=last.created_at)
    return list(rows[:ROWS])


def _cells(row: AuditEntry) -> list[Any]:
    shown = {**AuditEntrySerializer(row).data, "data": json.dumps(row.data, ensure_ascii=False)}
    return [cell(shown[name]) for name in AuditEntrySerializer.Meta.fields]


def _csv(lines: Iterable[Iterable[str]]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue()

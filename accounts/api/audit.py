"""`audit/`: the audit log of the account, for owners and admins"""

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import record_drafts
from accounts.exports import audit_log, workbooks
from accounts.models import AuditEntry
from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import MomentFilter, StrictFilterSet, TextFilter
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet


class AuditEntrySerializer(StrictModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = audit_log.COLUMNS
        read_only_fields = fields


class AuditFilterSet(StrictFilterSet):
    action = TextFilter(max_length=50, label=_("The kind of entry, such as `member.role_changed`."))
    actor = filters.UUIDFilter(field_name="actor_id", label=_("The id of the member who did it."))
    since = MomentFilter(
        field_name="created_at", lookup_expr="gte", label=_("Entries that were written at this time or later.")
    )


class AuditViewSet(ReadOnlyTenantViewSet[AuditEntry]):
    """The audit log, newest first. Entries cannot be changed."""

    noun, nouns = "audit entry", "audit entries"
    example = {
        "id": example_id("audit entry"),
        "action": "member.role_changed",
        "actor": example_id("alice"),
        "actor_email": "alice@example.com",
        "ip": "203.0.113.7",
        "object_id": example_id("bob"),
        "data": {"from": "member", "to": "admin"},
        "created_at": "2026-11-21T09:30:00Z",
    }
    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilterSet
    order = ("-created_at", "-id")
    permissions = {"list": "audit.read", "retrieve": "audit.read", "export": "audit.read"}
    operations = {
        "list": Operation("Returns the entries of the audit log, newest first. Entries never change."),
        "retrieve": Operation("Returns one entry of the audit log."),
        "export": Operation(
            "Returns the audit log as a CSV or XLSX file, newest first, filtered like the list. An XLSX file contains "
            "at most 50,000 entries; with more, the response is 400.",
            "Export the audit log",
            "exportAuditLog",
            response="id,action,actor,actor_email,ip,object_id,data,created_at\r\n",
            headers=("Content-Disposition",),
        ),
    }

    def query_parameters(self) -> set[str]:
        if getattr(self, "action", None) == "export":
            return {*AuditFilterSet.base_filters, "format"}
        return super().query_parameters()

    def list(self, request: Request) -> Response:
        record_drafts()  # so that the log has all that was committed before
        return super().list(request)

    @extend_schema(
        parameters=[
            OpenApiParameter("format", enum=audit_log.FORMATS, default="csv", description="The format of the file.")
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, workbooks.MEDIA_TYPE): OpenApiTypes.BINARY},
        filters=True,
    )
    @action(detail=False, pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """All of it as CSV or XLSX, newest first, with the filters of the list. XLSX has at most 50,000 entries."""
        record_drafts()
        rows = self.filter_queryset(self.get_queryset())
        return audit_log.as_file(rows, request.query_params.get("format", "csv"))

"""`exports/`: one's own"""

from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.exceptions import Conflicting
from accounts.rest.documentation import Operation, example_id
from accounts.rest.downloads import stream
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects.models import Project
from tasks import actions
from tasks.models import Export, ExportFailure, ExportState


class NotReady(Conflicting):
    """There is no file yet, or there will be none."""


class FailureField(serializers.ChoiceField):
    """Why it failed; `null` for what has not, where the table has an empty text."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class ExportSerializer(StrictModelSerializer[Export]):
    project = RowField(queryset=Project.objects.all(), required=False, allow_null=True)
    failure = FailureField(
        choices=ExportFailure.choices,
        read_only=True,
        allow_null=True,
        help_text="Why it `failed`, where that is known; otherwise `null`.",
    )

    class Meta:
        model = Export
        fields = (
            *("id", "project", "format", "state", "failure", "done", "total", "size"),
            *("created_at", "finished_at", "expires_at"),
        )
        read_only_fields = ("state", "done", "total", "size", "finished_at", "expires_at")
        extra_kwargs = {
            "done": {"help_text": "Tasks that are written; of a `zip`, rows of all tables and files."},
            "total": {"help_text": "How many there were when it began."},
        }


class ExportFilterSet(StrictFilterSet):
    project = filters.UUIDFilter(field_name="project_id")


class ExportViewSet(TenantViewSet[Export]):
    """Projects as files, and for owners the whole account as `zip`, newest first. Nobody sees those of others."""

    noun = "export"
    example = {
        "id": example_id("export"),
        "project": example_id("project"),
        "format": "csv",
        "state": "ready",
        "failure": None,
        "done": 42,
        "total": 42,
        "size": 20480,
        "created_at": "2026-11-21T09:30:00Z",
        "finished_at": "2026-11-21T09:30:04Z",
        "expires_at": "2026-11-28T09:30:04Z",
    }
    queryset = Export.objects.select_related("project")
    serializer_class = ExportSerializer
    filterset_class = ExportFilterSet
    order = ("-created_at", "-id")
    permissions = {"create": "project.export"}
    unrouted = ("partial_update", "destroy")
    operations = {
        "list": Operation("Returns the exports that the user requested, newest first."),
        "create": Operation(
            "Requests an export of a project as `xlsx`, `csv` or `json`. Without `project`, and with the format "
            "`zip`, it is an export of the whole account, for its owner. A job writes the file; `state` says when it "
            "is `ready`. Returns 409 while three exports of the user are not finished.",
            "Request an export",
            "requestExport",
            response={
                **example,
                "state": "waiting",
                "done": 0,
                "total": 0,
                "size": None,
                "finished_at": None,
                "expires_at": None,
            },
        ),
        "download": Operation(
            "Returns the file. Returns 409 if the export is not `ready`.",
            "Download an export",
            headers=("Content-Disposition",),
        ),
    }

    def perform_create(self, fields: dict[str, Any]) -> Export:
        return actions.request_export(actor=self.membership, **fields)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The file; 409 before the export is ready."""
        export = self.get_object()
        if export.state != ExportState.READY:
            raise NotReady(_("This export is not ready: its state is `%(state)s`.") % {"state": export.state})
        try:
            file = default_storage.read(export.file)  # type: ignore[attr-defined]  # ours
        except FileNotFoundError as error:
            raise Http404 from error
        return stream(request, file, name=export.file_name)

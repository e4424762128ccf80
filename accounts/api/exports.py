"""`exports/`: the member's own exports"""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.relations import PKOnlyObject
from rest_framework.request import Request

from accounts.actions import exports
from accounts.exceptions import Conflicting
from accounts.exports.archive import ACCOUNT
from accounts.extensions import ExportKind, export_formats, export_kinds
from accounts.models import Export, ExportFailure, ExportState
from accounts.models.subjects import with_subjects
from accounts.rest.documentation import Operation, example_id
from accounts.rest.downloads import stream
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import Choice, RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet


class NotReady(Conflicting):
    """There is no file yet, or there will be none."""


class FailureField(serializers.ChoiceField):
    """Why it failed; `null` for what has not, where the table has an empty text."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class SubjectField(RowField):
    """The id of the subject of exports of one kind; `null` in exports of another kind."""

    def __init__(self, *, kind: ExportKind[Any], **kwargs: Any) -> None:
        model: Any = kind.model
        super().__init__(queryset=model._default_manager.all(), required=False, allow_null=True, **kwargs)
        self.kind = kind

    def get_attribute(self, instance: Export) -> PKOnlyObject:
        return PKOnlyObject(instance.subject_id if instance.kind == self.kind.name else None)


class ExportSerializer(StrictModelSerializer[Export]):
    failure = FailureField(
        choices=ExportFailure.choices,
        read_only=True,
        allow_null=True,
        help_text="Why it `failed`, where that is known; otherwise `null`.",
    )

    class Meta:
        model = Export
        fields = (
            *("id", "state", "failure", "done", "total", "size"),
            *("created_at", "finished_at", "expires_at"),
        )
        read_only_fields = ("state", "done", "total", "size", "finished_at", "expires_at")
        extra_kwargs = {
            "done": {"help_text": "How much is written: rows, or rows of all tables and files of a `zip`."},
            "total": {"help_text": "How much there was when it began."},
        }

    def get_fields(self) -> dict[str, Any]:
        own = super().get_fields()
        subjects = {kind.name: SubjectField(kind=kind) for kind in _kinds_with_subjects()}
        return {"id": own.pop("id"), **subjects, "format": Choice(choices=export_formats()), **own}


def _kinds_with_subjects() -> Iterator[ExportKind[Any]]:
    return (kind for kind in export_kinds if kind.model is not None)


# Each kind has a filter for its subject. The apps have registered their kinds before URLs are loaded.
ExportFilterSet: Any = type(
    "ExportFilterSet",
    (StrictFilterSet,),
    {
        kind.name: filters.UUIDFilter(field_name="subject_id", label=f"The id of a {kind.name}.")
        for kind in _kinds_with_subjects()
    },
)


def _example() -> dict[str, Any]:
    """Return an export of the first kind that has a subject."""
    subjects = {kind.name: example_id(kind.name) for kind in list(_kinds_with_subjects())[:1]}
    return {
        "id": example_id("export"),
        **subjects,
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


class ExportViewSet(TenantViewSet[Export]):
    """The member's own exports, newest first. Other members do not see them, nor does an admin."""

    noun = "export"
    example = _example()
    queryset = Export.objects.all()
    serializer_class = ExportSerializer
    filterset_class = ExportFilterSet
    order = ("-created_at", "-id")
    permissions = {"create": "account.read"}  # the action checks the permission of the kind
    unrouted = ("partial_update", "destroy")
    operations = {
        "list": Operation("Returns the exports that the user requested, newest first."),
        "create": Operation(
            "Requests an export of an object, in a format of its kind. Without an object, and with the format `zip`, "
            "it is an export of the whole account, for its owner. A job writes the file; `state` says when it is "
            "`ready`. Returns 409 while three exports of the user are not finished.",
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
        given = {kind.name: fields[kind.name] for kind in _kinds_with_subjects() if fields.get(kind.name) is not None}
        if len(given) > 1:
            raise ValidationError(dict.fromkeys(given, _("An export has one object.")))
        kind, subject = next(iter(given.items()), (ACCOUNT, None))
        return exports.request_export(actor=self.membership, kind=kind, subject=subject, format=fields["format"])

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The file; 409 before the export is ready."""
        found = with_subjects([self.get_object()], self.membership, export_kinds)
        if not found:
            raise Http404
        (export,) = found
        if export.state != ExportState.READY:
            raise NotReady(_("This export is not ready: its state is `%(state)s`.") % {"state": export.state})
        try:
            file = default_storage.read(export.file)  # type: ignore[attr-defined]  # ours
        except FileNotFoundError as error:
            raise Http404 from error
        return stream(file, name=export.file_name)

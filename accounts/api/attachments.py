"""Endpoints of attachments: a model of files adds its fields, filters and queryset."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import attachments
from accounts.exceptions import Conflicting
from accounts.files.images import MEDIA_TYPE
from accounts.models.attachments import AbstractAttachment
from accounts.rest.documentation import Operation
from accounts.rest.downloads import Download, disposition, serve, show_picture
from accounts.rest.serializers import EmptyBody, StrictModelSerializer, StrictSerializer, Text
from accounts.rest.views import TenantViewSet, etag
from tenancy.context import require_active_tenant
from tenancy.storage import StoredFile, storage

DOWNLOAD_SECONDS = 60
LONGEST_NAME = 20_000  # characters, of which 255 are kept
BIGGEST = 2**53 - 1  # greater numbers are not exact in every client; plans limit the size of a file


class NotReady(Conflicting):
    """The file was not checked yet, or was rejected."""


class AttachmentFields[A: AbstractAttachment](StrictModelSerializer[A]):
    """The fields of every attachment: OWN, of which READ_ONLY are read-only. Subclasses add what it belongs to."""

    OWN: ClassVar = ("name", "content_type", "size", "state", "uploaded_by", "created_at")
    READ_ONLY: ClassVar = ("state", "uploaded_by")

    name = Text(max_length=LONGEST_NAME, help_text="It is cleaned: its last part, at most 255 characters.")
    content_type = Text(max_length=100, help_text="A media type, such as `image/png`.")
    size = serializers.IntegerField(min_value=0, max_value=BIGGEST, help_text="Bytes.")


class InstructionsSerializer(StrictSerializer):
    """How to send the file: exactly so, until the URL expires after 15 minutes. Then `complete/`."""

    method = serializers.CharField(help_text="`PUT`")
    url = serializers.URLField()
    headers = serializers.DictField(child=serializers.CharField())


def operations(example: Mapping[str, Any]) -> dict[str, Operation]:
    """Return the texts of the operations of attachments. `example` is one row as the API returns it."""
    return {
        "create": Operation(
            "Announces a file. The response contains `upload`, a signed request: send the file with it to the storage "
            "within 15 minutes, then call `complete/`. Until the file is checked, the attachment is `pending`.",
            response={
                **example,
                "state": "pending",
                "upload": {
                    "method": "PUT",
                    "url": "https://files.example.com/incoming/6f1c20b7?X-Amz-Signature=5f1d",
                    "headers": {"Content-Type": "application/pdf", "Content-Length": "48213"},
                },
            },
        ),
        "destroy": Operation(
            "Deletes an attachment and its file permanently. Members delete their own files, admins and owners any."
        ),
        "complete": Operation(
            "Requests the check of the file that was sent. A job sets `state` to `ready` or `rejected`. Returns 409 "
            "if no file was sent, or if it was checked already.",
            "Complete an upload",
            response={**example, "state": "pending"},
        ),
        "download": Operation(
            "Returns the file, or redirects to the storage, as the setting `media_access` of the account says. The "
            "storage URL works for one minute. Returns 409 if the attachment is not `ready`.",
            "Download an attachment",
            headers={
                "200": ("ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition"),
                "206": ("ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition", "Content-Range"),
                "302": ("Location",),
            },
        ),
        "preview": Operation(
            "Returns a small WebP version of an image. Returns 404 if the attachment has none.",
            "Get the preview of an attachment",
            "getAttachmentPreview",
            headers=(),
        ),
    }


class AttachmentViewSet[A: AbstractAttachment](TenantViewSet[A]):
    """Attachments, oldest first. A new one is `pending` until it was sent and checked, then `ready` or `rejected`.

    Subclasses set `queryset` and `serializer_class`, and describe their `operations()`.
    """

    order = ("created_at", "id")
    permissions = dict.fromkeys(("create", "complete", "destroy"), "file.write")
    unrouted = ("partial_update",)

    def lock(self, row: A) -> None:
        attachments.lock_attachment(row)

    def perform_create(self, fields: dict[str, Any]) -> A:
        file = attachments.NewFile(*(fields.pop(name) for name in ("name", "content_type", "size")))
        model = self.get_queryset().model
        return attachments.announce_attachment(actor=self.membership, model=model, subject=fields, file=file)

    def perform_destroy(self, row: A) -> None:
        attachments.delete_attachment(attachment=row, actor=self.membership)

    def create(self, request: Request) -> Response:
        """Announce a file and respond with the signed request that sends it to S3."""
        row = self.reread(self.perform_create(self.read_body()))
        shown = self.show(row)
        return Response({**shown, "upload": instructions(row)}, status=201, headers={"ETag": etag(shown)})

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Request the check of the file that was sent; 409 if none was, or if it was checked before."""
        row = self.get_object()
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        attachments.complete_attachment(attachment=row, actor=self.membership)
        return self.answer(self.reread(row), status=202)

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="A redirect to the storage, which works for one minute."),
        }
    )
    @action(detail=True)
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """Respond with the file or a redirect to S3, as `media_access` of the account says; 409 before it is ready."""
        row = self.get_object()
        require_ready(row)
        if require_active_tenant().media_access == "proxied":  # type: ignore[attr-defined]
            return serve(request, as_download(row))
        url = storage.presign_download(row.file, seconds=DOWNLOAD_SECONDS, disposition=disposition(row.name))
        return HttpResponseRedirect(url, headers={"Cache-Control": "private, no-store"})

    @extend_schema(responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY})
    @action(detail=True)
    def preview(self, request: Request, pk: str) -> HttpResponseBase:
        """Respond with the preview of an image; 404 if there is none."""
        row = self.get_object()
        if not row.is_ready or not row.has_preview:
            raise Http404
        return show_picture(row.preview)


def require_ready(attachment: AbstractAttachment) -> None:
    """Raise NotReady, which is answered with 409, unless the file may be downloaded."""
    if not attachment.is_ready:
        raise NotReady(_("This file is not ready: its state is `%(state)s`.") % {"state": attachment.state})


def instructions(attachment: AbstractAttachment) -> dict[str, Any]:
    """Return the request that sends the file. Size and type are signed: S3 refuses others."""
    url = storage.presign_upload(
        attachment.incoming,
        seconds=attachments.UPLOAD_SECONDS,
        content_type=attachment.content_type,
        size=attachment.size,
    )
    headers = {"Content-Type": attachment.content_type, "Content-Length": str(attachment.size)}
    return {"method": "PUT", "url": url, "headers": headers}


def as_download(attachment: AbstractAttachment) -> Download:
    """Return the file for a download through the application."""

    def read(start: int, stop: int) -> StoredFile:
        try:
            return storage.read(attachment.file, start=start, stop=stop)
        except FileNotFoundError as error:  # deleted meanwhile
            raise Http404 from error

    return Download(attachment.name, attachment.size, f'"{attachment.pk}"', attachment.created_at, read)

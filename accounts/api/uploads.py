"""`attachments/upload/`: a file through the application, for whoever cannot reach S3"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, cast

from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.attachments import AttachmentSerializer
from accounts.models import Membership
from accounts.quotas import largest_file
from accounts.rest.documentation import Operation
from accounts.rest.serializers import RowField, StrictSerializer
from accounts.rest.uploads import receive_file
from accounts.rest.views import MemberView, etag
from tasks.actions import Arrival, NewFile
from tasks.models import Attachment, Comment, Task


class Unread(BaseParser):
    """Leaves the body alone: the view reads it when it knows who asks."""

    media_type = "multipart/form-data"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return DataAndFiles(QueryDict(), MultiValueDict())


class UploadSerializer(StrictSerializer):
    """The file comes last: it is sent on while the rest of the body is still on its way."""

    task = RowField(queryset=Task.objects.all())
    comment = RowField(queryset=Comment.objects.select_related("task"), required=False)
    file = serializers.FileField(write_only=True)


class FieldsSerializer(StrictSerializer):
    """What comes before the file."""

    task = RowField(queryset=Task.objects.all())
    comment = RowField(queryset=Comment.objects.select_related("task"), required=False)


class Incoming:
    """The file of one request: what takes it, and what an idempotency key compares."""

    def __init__(self, request: Request, actor: Membership) -> None:
        self.request, self.actor = request, actor
        self.arrival: Arrival | None = None
        self.hash = sha256()

    def begin(self, fields: QueryDict, name: str, content_type: str) -> "Incoming":
        serializer = FieldsSerializer(data=fields.dict(), context={"request": self.request})
        serializer.is_valid(raise_exception=True)
        self.hash.update(repr((sorted(fields.lists()), name, content_type)).encode())
        length = int(self.request.META.get("CONTENT_LENGTH") or 0)  # of more than the file
        file = NewFile(name, content_type, min(length, largest_file()))
        self.arrival = Arrival.begin(actor=self.actor, file=file, **serializer.validated_data)
        return self

    def write(self, piece: bytes) -> None:
        self.hash.update(piece)
        cast(Arrival, self.arrival).write(piece)

    def store(self) -> None:
        cast(Arrival, self.arrival).store()

    def abandon(self) -> None:
        if self.arrival is not None:
            self.arrival.abandon()


class UploadView(MemberView):
    serializer_class = AttachmentSerializer
    parser_classes = [Unread]
    permissions = {"post": "file.write"}
    operations = {
        "post": Operation(
            "Attaches a file that is sent through the application, for clients that cannot reach the storage. The "
            "form contains `task`, optionally `comment`, and `file` as the last field.",
            "Upload an attachment",
            "uploadAttachment",
            request={"task": "WEB-42", "file": "The contents of the file."},
            response={**AttachmentViewSet.example, "state": "pending"},
            headers=("ETag",),
        )
    }
    streams_body = True
    incoming: Incoming

    def write(self, handler: Callable[..., Response], request: Request, **kwargs: Any) -> HttpResponseBase:
        self.incoming = Incoming(request, self.membership)
        try:
            return super().write(handler, request, **kwargs)
        finally:
            self.incoming.abandon()

    def receive(self, request: Request) -> str:
        _ = request.data  # refuses other types of bodies
        receive_file(request._request, self.incoming.begin)
        self.incoming.store()  # here, so that no transaction waits for storage
        return self.incoming.hash.hexdigest()

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AttachmentSerializer})
    def post(self, request: Request) -> Response:
        """Attach a file, sent as a form with the fields `task`, perhaps `comment`, and at last `file`."""
        attachment = cast(Arrival, self.incoming.arrival).finish()
        row = Attachment.objects.get(pk=attachment.pk)
        data = self.serializer_class(row, context=self.get_renderer_context()).data
        return Response(data, status=201, headers={"ETag": etag(data)})

    def is_hidden(self, answered: Any) -> bool:
        return not Attachment.objects.visible_to(self.membership).filter(pk=answered["id"]).exists()

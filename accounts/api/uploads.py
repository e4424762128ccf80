"""`<attachments>/upload/`: a file sent through the application, by clients that cannot reach S3."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, cast

from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.attachments import AbstractAttachment
from accounts.rest.serializers import StrictModelSerializer, StrictSerializer
from accounts.rest.uploads import IncomingAttachment, Sink
from accounts.rest.views import MemberView, etag


class Unread(BaseParser):
    """Does not read the body. The view reads it after the authentication."""

    media_type = "multipart/form-data"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return DataAndFiles(QueryDict(), MultiValueDict())


class Hashed[A: AbstractAttachment](IncomingAttachment[A]):
    """The file of one request, with the hash of fields and file that an idempotency key compares."""

    def begin(self, fields: QueryDict, name: str, content_type: str) -> Sink:
        self.hash = sha256(repr((sorted(fields.lists()), name, content_type)).encode())
        return super().begin(fields, name, content_type)

    def write(self, piece: bytes) -> None:
        self.hash.update(piece)
        super().write(piece)


class UploadView[A: AbstractAttachment](MemberView):
    """Attaches a file that is sent as a form, with the file as its last field.

    Subclasses set `model`, `serializer_class`, which shows an attachment, and `fields_class`, which checks the fields
    before the file: they are what the attachment belongs to.
    """

    model: type[A]
    serializer_class: type[StrictModelSerializer[A]]
    fields_class: type[StrictSerializer]
    parser_classes = [Unread]
    permissions = {"post": "file.write"}
    streams_body = True
    writes_content = True
    incoming: Hashed[A]

    def write(self, handler: Callable[..., Response], request: Request, **kwargs: Any) -> HttpResponseBase:
        self.incoming = Hashed(
            request._request, actor=self.membership, model=self.model, read_subject=self.read_fields
        )
        try:
            return super().write(handler, request, **kwargs)
        finally:
            self.incoming.abandon()

    def read_fields(self, fields: QueryDict) -> Mapping[str, Any]:
        """Return the checked fields before the file. Raises ValidationError."""
        serializer = self.fields_class(data=fields.dict(), context={"request": self.request})
        serializer.is_valid(raise_exception=True)
        return cast(Mapping[str, Any], serializer.validated_data)

    def receive(self, request: Request) -> str:
        _ = request.data  # refuses other types of bodies
        self.incoming.receive()
        self.incoming.store()  # here, so that no transaction waits for storage
        return self.incoming.hash.hexdigest()

    def post(self, request: Request) -> Response:
        row = self.model.objects.get(pk=self.incoming.finish().pk)
        data = self.serializer_class(row, context=self.get_renderer_context()).data
        return Response(data, status=201, headers={"ETag": etag(data)})

    def is_hidden(self, answered: Any) -> bool:
        return not self.model.objects.visible_to(self.membership).filter(pk=answered["id"]).exists()

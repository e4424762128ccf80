"""`attachments/`: files of tasks and comments"""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import attachments, uploads
from accounts.models.attachments import AttachmentState
from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import RowField, StrictSerializer
from tasks.api.filters import TaskNameFilter
from tasks.models import Attachment, Comment, Task


class AttachmentSerializer(attachments.AttachmentFields[Attachment]):
    """A file of a task, or of one of its comments."""

    task = RowField(queryset=Task.objects.all())
    comment = RowField(queryset=Comment.objects.select_related("task"), required=False, allow_null=True)

    class Meta:
        model = Attachment
        fields = ("id", "task", "comment", *attachments.AttachmentFields.OWN)
        read_only_fields = attachments.AttachmentFields.READ_ONLY


class NewAttachmentSerializer(AttachmentSerializer):
    """The response to `POST`: the attachment, and the request that sends its file."""

    upload = attachments.InstructionsSerializer(read_only=True)

    class Meta:
        model = Attachment
        fields: tuple[str, ...] = (*AttachmentSerializer.Meta.fields, "upload")
        read_only_fields = AttachmentSerializer.Meta.read_only_fields


class AttachmentFilterSet(StrictFilterSet):
    task = TaskNameFilter(field_name="task", label="The id or key of a task.")
    comment = filters.UUIDFilter(field_name="comment_id", label="The id of a comment.")
    state = filters.ChoiceFilter(choices=AttachmentState.choices, label="The state of the file.")


@extend_schema_view(
    create=extend_schema(responses={201: NewAttachmentSerializer}),
    complete=extend_schema(request=None, responses={202: AttachmentSerializer}),
)
class AttachmentViewSet(attachments.AttachmentViewSet[Attachment]):
    """The files of tasks and comments, oldest first."""

    noun = "attachment"
    example = {
        "id": example_id("attachment"),
        "task": example_id("task"),
        "comment": None,
        "name": "prices.pdf",
        "content_type": "application/pdf",
        "size": 48213,
        "state": "ready",
        "uploaded_by": example_id("alice"),
        "created_at": "2026-11-21T09:30:00Z",
    }
    operations = {
        **attachments.operations(example),
        "list": Operation("Returns the attachments of the tasks that the member can see, oldest first."),
    }
    queryset = Attachment.objects.select_related("task")
    serializer_class = AttachmentSerializer
    filterset_class = AttachmentFilterSet


class FieldsSerializer(StrictSerializer):
    """The fields of the form before the file."""

    task = RowField(queryset=Task.objects.all())
    comment = RowField(queryset=Comment.objects.select_related("task"), required=False)


class UploadSerializer(FieldsSerializer):
    """The form. The file comes last: it is written to S3 while the body arrives."""

    file = serializers.FileField(write_only=True)


class UploadView(uploads.UploadView[Attachment]):
    model = Attachment
    serializer_class = AttachmentSerializer
    fields_class = FieldsSerializer
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

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AttachmentSerializer})
    def post(self, request: Request) -> Response:
        return super().post(request)

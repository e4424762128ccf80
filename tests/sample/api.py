"""The REST API of the files of notes."""

from accounts.api.attachments import AttachmentFields, AttachmentViewSet
from accounts.api.uploads import UploadView
from accounts.rest.serializers import RowField, StrictSerializer
from tests.sample.models import Note, NoteFile


class NoteFileSerializer(AttachmentFields[NoteFile]):
    note = RowField(queryset=Note.objects.all())

    class Meta:
        model = NoteFile
        fields = ("id", "note", *AttachmentFields.OWN)
        read_only_fields = AttachmentFields.READ_ONLY


class NoteFileViewSet(AttachmentViewSet[NoteFile]):
    queryset = NoteFile.objects.all()
    serializer_class = NoteFileSerializer


class FieldsSerializer(StrictSerializer):
    note = RowField(queryset=Note.objects.all())


class NoteFileUploadView(UploadView[NoteFile]):
    model = NoteFile
    serializer_class = NoteFileSerializer
    fields_class = FieldsSerializer

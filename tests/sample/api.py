"""The REST API of notes and their files."""

from accounts.api.attachments import AttachmentFields, AttachmentViewSet
from accounts.api.uploads import UploadView
from accounts.rest.serializers import RowField, StrictModelSerializer, StrictSerializer
from accounts.rest.views import TenantViewSet
from tests.sample.actions import update_note
from tests.sample.models import Note, NoteFile


class NoteSerializer(StrictModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "text")


class NoteViewSet(TenantViewSet[Note]):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permissions = {"partial_update": "note.write"}

    def perform_update(self, row, fields):
        update_note(note=row, actor=self.membership, **fields)


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

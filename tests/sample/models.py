"""Notes, a topic of live updates: the second user of each extension point of accounts."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import AbstractActivity, AbstractAttachment, AbstractTopic, AttachmentQuerySet, Membership
from accounts.models.attachments import cascade_with_files
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey, TextField
from tenancy.models import TenantManager


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, membership: Membership) -> Self:
        return self.filter(Q(reader=None) | Q(reader=membership))


class Note(AbstractTopic):
    text = TextField(max_length=50_000)
    reader = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)  # None: all members

    objects: ClassVar = TenantManager.from_queryset(NoteQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["account", "reader"], name="note_reader")]


class NoteFileQuerySet(AttachmentQuerySet["NoteFile"]):
    def visible_to(self, membership: Membership) -> Self:
        return self.filter(Q(note__reader=None) | Q(note__reader=membership))


class NoteFile(AbstractAttachment):
    note = TenantForeignKey(Note, on_delete=cascade_with_files, related_name="files")

    objects: ClassVar = TenantManager.from_queryset(NoteFileQuerySet)()

    class Meta(AbstractAttachment.Meta):
        indexes = [
            models.Index(fields=["account", "created_at", "id"], name="note_file_order"),
            models.Index(fields=["account", "note"], name="note_file_note"),
            models.Index(fields=["account", "uploaded_by"], name="note_file_uploader"),
        ]


class NoteActivity(AbstractActivity):
    note = TenantForeignKey(Note, on_delete=models.CASCADE, related_name="activities")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["note", "seq"], name="note_activity_seq")]
        indexes = [models.Index(fields=["account", "actor"], name="note_activity_actor")]

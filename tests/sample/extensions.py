"""The extension points that notes use."""

from dataclasses import dataclass

from accounts import permissions, quotas
from accounts.actions.activity import record_event
from accounts.extensions import AttachmentKind, Topic, attachment_kinds, reference_patterns, shows, topics
from accounts.permissions import WRITERS, Permission
from accounts.plans import LIMITS, Limits
from accounts.quotas import Quota
from tests.sample.api import NoteSerializer
from tests.sample.models import Note, NoteActivity, NoteFile

PERMISSIONS = {"note.write": Permission(WRITERS, "write notes")}
MOST_NOTES = 3


class NoteTopic(Topic):
    name = "note"
    model = Note
    activity = NoteActivity

    def visible_to(self, member):
        return Note.objects.visible_to(member)

    def hidden(self, members, followed):
        readers = dict(Note.objects.exclude(reader=None).values_list("pk", "reader"))
        return {(member, note) for member, note in followed if readers.get(note, member) != member}


class NoteFiles(AttachmentKind):
    model = NoteFile

    def lock(self, attachment):
        attachment.note = Note.objects.select_for_update(no_key=True).get(pk=attachment.note_id)

    def record(self, attachment, actor, verb):
        record_event(row=attachment.note, actor=actor, verb=verb, subject=attachment, data={"name": attachment.name})


@dataclass(frozen=True)
class LimitsWithNotes(Limits):
    """The line that an app of a fork adds to accounts/plans.py."""

    notes: int | None = MOST_NOTES


LIMITS.update({plan: LimitsWithNotes(**vars(limits)) for plan, limits in LIMITS.items()})
permissions.declare(PERMISSIONS)
quotas.declare(Quota("notes", label="Notes", rows=lambda: [Note.objects.all()], message="At most %(limit)d notes."))
topics.register(NoteTopic())
attachment_kinds.register(NoteFiles())
reference_patterns["note"] = "note:[1-9][0-9]*"
shows("note", Note.objects.all(), NoteSerializer)

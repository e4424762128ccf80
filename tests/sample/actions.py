"""Actions on notes."""

from accounts.actions.activity import record_event
from accounts.actions.authorization import authorize
from accounts.models import Membership
from accounts.quotas import require_room
from tenancy.places import atomic
from tests.sample.models import Note


@atomic
def create_note(*, actor: Membership, text: str, reader: Membership | None = None) -> Note:
    """Create a note for all members, or for `reader`. Raises PermissionDenied, QuotaExceeded."""
    require_room("notes")
    authorize(actor, "note.write")
    note = Note.objects.create(text=text, reader=reader)
    record_event(row=note, actor=actor, verb="note.created", subject=note)
    return note


@atomic
def update_note(*, note: Note, actor: Membership, text: str) -> None:
    """Change a note. Raises PermissionDenied."""
    note = Note.objects.select_for_update(no_key=True).get(pk=note.pk)
    authorize(actor, "note.write")
    note.text = text
    note.save(update_fields=["text"])
    record_event(row=note, actor=actor, verb="note.updated", subject=note, data={"text": text})

"""The rows of notes in the world of the isolation tests."""

from tests.sample.models import Note, NoteActivity, NoteFile


def populate(member, text):
    """Create one row of each table in the active tenant. `text` makes text with a canary. Return the note."""
    note = Note.objects.create(text=text(), last_activity_seq=1)
    NoteActivity.objects.create(
        note=note, seq=1, actor=member, verb="note.created", object_id=note.pk, data={"text": text()}
    )
    file = {"note": note, "uploaded_by": member, "size": 7, "state": "ready"}
    NoteFile.objects.create(**file, name=text(), content_type=text())
    return note

"""Frames of a socket that follows rows of several topics."""

from uuid import uuid4

import pytest

from projects.actions.projects import update_project
from tests.sample.actions import create_note, update_note

pytestmark = pytest.mark.django_db(transaction=True)


def test_several_topics_on_one_socket(office, project, note):
    other = office.act(create_note, text="Other")
    with office.with_token() as live:
        for row in (project, note, other):
            live.subscribe(row)
        office.act(update_note, note=other, text="There")
        office.act(update_note, note=note, text="Here")
        office.act(update_project, project=project, name="Elsewhere")
        events = [live.receive() for _ in range(3)]
    found = {event.get("note") or event["project"]: event["object"] for event in events}
    assert found[str(other.pk)]["text"] == "There"
    assert found[str(note.pk)]["text"] == "Here"
    assert found[str(project.pk)]["name"] == "Elsewhere"


def test_frame_with_two_topics_is_refused(office):
    detail = "The frame must have one of `note`, `project`."
    with office.with_token() as live:
        answer = live.ask(type="subscribe", note=uuid4(), project=uuid4())
    assert answer == {"type": "error", "code": "invalid", "detail": detail}

"""Live updates of a topic that an app has registered: the notes of the sample app."""

from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.extensions import shows, topics
from accounts.live.events import Key
from accounts.live.watch import look
from tenancy.context import tenant_context
from tests.sample.actions import create_note, update_note
from tests.sample.extensions import NoteSerializer, NoteTopic
from tests.sample.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


def listed(*more):
    """Return the fields of frames that name a row, which are all registered topics, and `more` of them."""
    return ", ".join(f"`{name}`" for name in sorted([*(topic.name for topic in topics), *more]))


def not_found(note_id):
    detail = "There is no such note, or you may not see it."
    return {"type": "error", "code": "not_found", "detail": detail, "note": str(note_id)}


def hide(office, note):
    """Leave the note to the owner alone."""
    with tenant_context(office.tenant):
        Note.objects.filter(pk=note.pk).update(reader=office.membership("owner"))


def delete(office, note):
    with tenant_context(office.tenant):
        Note.objects.filter(pk=note.pk).delete()


def test_event_of_a_topic_has_the_registered_form_of_its_object(office, note):
    with office.with_token() as live:
        assert live.subscribe(note) == 1
        office.act(update_note, note=note, text="Water the trees")
        event = live.receive()
    assert event == {
        "type": "event",
        "note": str(note.pk),
        "seq": 2,
        "verb": "note.updated",
        "actor": str(office.membership().pk),
        "object": {"id": str(note.pk), "text": "Water the trees"},
        "version": None,
    }


def test_foreign_hidden_and_absent_rows_are_answered_alike(office, other_office, note):
    foreign = other_office.act(create_note, text="Spy")
    hide(office, note)
    with office.with_token() as live:
        for note_id in (foreign.pk, note.pk, uuid4()):
            assert live.ask(type="subscribe", note=note_id) == not_found(note_id)


@pytest.mark.parametrize("end", [hide, delete])
def test_subscription_ends_with_the_visibility_of_the_row(office, note, end):
    other = office.act(create_note, text="Other")
    with office.with_token() as live, office.with_token("owner") as owner:
        live.subscribe(note)
        live.subscribe(other)
        owner.subscribe(note)
        end(office, note)
        assert live.receive() == not_found(note.pk)
        if end is hide:
            office.act(update_note, note=note, text="Secret")
            assert owner.receive()["object"]["text"] == "Secret"
        office.act(update_note, note=other, text="Open")
        assert live.receive()["object"]["text"] == "Open"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({}, f"The frame must have one of {listed()}."),
        ({"note": "x"}, "`note` must be the id of a note, a UUID."),
        ({"unknown": str(uuid4())}, f"The fields of `subscribe` are {listed('since', 'type')}."),
    ],
)
def test_frame_without_one_registered_topic_is_refused(office, fields, detail):
    with office.with_token() as live:
        assert live.ask(type="subscribe", **fields) == {"type": "error", "code": "invalid", "detail": detail}


def test_watch_asks_each_topic_once_for_all_members_and_rows(office, note):
    hidden = office.act(create_note, text="Secret", reader=office.membership("owner"))
    owner, member = office.membership("owner").pk, office.membership("member").pk
    keys = [Key("note", each) for each in (note.pk, hidden.pk)]
    absent = Key("note", uuid4())
    followed = {(person, key) for person in (owner, member) for key in (*keys, absent)}
    with CaptureQueriesContext(connection) as many:
        found = look(office.tenant, [], followed)
    with CaptureQueriesContext(connection) as one:
        look(office.tenant, [], {(owner, keys[0])})
    assert found.hidden == {(member, keys[1]), (owner, absent), (member, absent)}
    assert found.numbers == dict.fromkeys(keys, 1)
    assert len(many) == len(one)


def test_topic_or_kind_registered_twice_is_rejected():
    with pytest.raises(ImproperlyConfigured, match="note"):
        topics.register(NoteTopic())
    with pytest.raises(ImproperlyConfigured, match="note"):
        shows("note", Note.objects.all(), NoteSerializer)

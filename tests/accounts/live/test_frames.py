"""The frames of the contract, one by one."""

import json
from uuid import uuid4

import pytest

from tenancy.context import tenant_context
from tests.sample.actions import update_note
from tests.sample.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


def events(live, number):
    return [live.receive() for _ in range(number)]


def briefly(found):
    return [(event["seq"], event["verb"]) for event in found]


def test_ping(office):
    with office.with_token() as live:
        assert live.connection.subprotocol == "commonhold.v1"
        assert live.ask(type="ping") == {"type": "pong"}


# Catching up -------------------------------------------------------------------------------------------------------


def test_since_catches_up_and_goes_on_live(office, note):
    for number in range(3):
        office.act(update_note, note=note, text=f"Text {number}")
    with office.with_token() as live:
        assert live.subscribe(note, since=1) == 4
        found = events(live, 3)
        office.act(update_note, note=note, text="Text 3")
        found += events(live, 1)
    assert briefly(found) == [(seq, "note.updated") for seq in (2, 3, 4, 5)]
    assert found[0]["object"]["text"] == "Text 2"  # as it is when the event is read


def test_without_since_it_begins_now(office, note):
    office.act(update_note, note=note, text="Before")
    with office.with_token() as live:
        assert live.subscribe(note) == 2
        office.act(update_note, note=note, text="After")
        assert live.receive()["seq"] == 3


def test_since_the_current_number_sends_nothing(office, note):
    with office.with_token() as live:
        live.subscribe(note, since=1)
        assert live.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("since", [2, 2**63 - 1])
def test_a_number_that_there_is_not_yet_is_answered_with_resync(office, note, since):
    with office.with_token() as live:
        assert live.subscribe(note, since=since) == 1
        assert live.receive() == {"type": "resync", "note": str(note.pk)}
        office.act(update_note, note=note, text="Another")
        assert live.receive()["seq"] == 2


def test_subscriber_too_far_behind_receives_resync(office, note):
    with tenant_context(office.tenant):
        Note.objects.filter(pk=note.pk).update(last_activity_seq=1_002)
    with office.with_token() as live:
        assert live.subscribe(note, since=1) == 1_002
        assert live.receive() == {"type": "resync", "note": str(note.pk)}
        office.act(update_note, note=note, text="Another")
        assert live.receive()["seq"] == 1_003


def test_rows_that_are_missing_are_answered_with_resync(office, note):
    """Old activity was deleted."""
    for name in ("One", "Two", "Three"):
        office.act(update_note, note=note, text=name)
    with tenant_context(office.tenant):
        note.activities.filter(seq=2).delete()
    with office.with_token() as live:
        assert live.subscribe(note, since=1) == 4
        assert live.receive() == {"type": "resync", "note": str(note.pk)}
        office.act(update_note, note=note, text="Four")
        assert live.receive()["seq"] == 5


def test_a_long_way_is_caught_up_in_batches(office, note):
    for number in range(250):
        office.act(update_note, note=note, text=str(number))
    with office.with_token() as live:
        assert live.subscribe(note, since=0) == 251
        assert [event["seq"] for event in events(live, 251)] == list(range(1, 252))


# Subscriptions -----------------------------------------------------------------------------------------------------


def test_unsubscribe(office, note):
    with office.with_token() as live:
        live.subscribe(note)
        live.send(type="unsubscribe", note=note.pk)
        assert live.ask(type="ping") == {"type": "pong"}
        office.act(update_note, note=note, text="Water the trees")
        live.send(type="unsubscribe", note=uuid4())  # of what is not followed: nothing to do
        assert live.subscribe(note) == 2


def test_subscribing_again_begins_again(office, note):
    office.act(update_note, note=note, text="Water the trees")
    with office.with_token() as live:
        live.subscribe(note)
        live.subscribe(note, since=0)
        assert briefly(events(live, 2)) == [(1, "note.created"), (2, "note.updated")]
        for text in ("One", "Two", "Three"):
            office.act(update_note, note=note, text=text)
        assert [event["seq"] for event in events(live, 3)] == [3, 4, 5]  # each once


# What is not understood --------------------------------------------------------------------------------------------


def nested(depth):
    return "[" * depth


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "42",
        '"ping"',
        "{}",
        '{"type": null}',
        '{"type": ["ping"]}',
        '{"type": "destroy"}',
        '{"type": "ping", "more": 1}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "note": null}',
        '{"type": "subscribe", "note": 42}',
        '{"type": "subscribe", "note": "WEB"}',
        '{"type": "subscribe", "note": "\\u0000"}',
        '{"type": "subscribe", "note": ["00000000-0000-0000-0000-000000000000"]}',
        *(
            f'{{"type": "subscribe", "note": "00000000-0000-0000-0000-000000000000", "since": {since}}}'
            for since in ("-1", "1.5", '"1"', "true", "1e999", "9" * 30, "[]", "NaN")
        ),
        '{"type": "subscribe", "note": "00000000-0000-0000-0000-000000000000", "group": "tenant.x"}',
        '{"type": "unsubscribe", "note": "x"}',
        nested(4_000),
        "9" * 4_000,
        b"\x00\xff",
        b'{"type": "ping"}',
    ],
    ids=lambda text: str(text[:60]),
)
def test_a_frame_that_is_not_understood_costs_an_answer(office, text):
    with office.with_token() as live:
        live.connection.send(text)
        answer = live.receive()
        assert (answer["type"], answer["code"]) == ("error", "invalid"), answer
        assert set(answer) == {"type", "code", "detail"}
        assert live.ask(type="ping") == {"type": "pong"}


def test_a_frame_that_is_too_long(office):
    with office.with_token() as live:
        live.connection.send(json.dumps({"type": "ping", "more": "x" * 5_000}))
        assert live.receive()["code"] == "too_large"
        assert live.ask(type="ping") == {"type": "pong"}
        live.connection.send("x" * 100_000)
        assert live.closed()[0] == 1009

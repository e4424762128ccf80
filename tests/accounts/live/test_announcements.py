"""What goes through the channel layer: that something happened, and never what."""

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from contextlib import suppress

import msgpack
import pytest
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubLoopLayer
from django.conf import settings
from django.test import override_settings

from accounts.live.events import Key
from accounts.live.feeds import Feeds
from config.pytest_plugin import ROOT
from tenancy.context import NoActiveTenant, tenant_context
from tenancy.groups import announce, announcer
from tenancy.places import atomic
from tests.accounts.live.overhearing import announcement, group_of, in_passing
from tests.sample.actions import update_note
from tests.sample.models import NoteActivity
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def test_change_sends_one_announcement_to_the_tenants_group(office, note, overheard):
    heard = overheard(
        [group_of(office, note), f"note.{note.pk}"],
        lambda: office.act(update_note, note=note, text="Secret"),
        lambda: office.act(update_note, note=note, text="Secret"),
    )
    assert heard == [announcement(office, note, 2), announcement(office, note, 3)]


def test_rolled_back_change_is_not_announced(office, note, overheard):
    def roll_back():
        with tenant_context(office.tenant), suppress(ZeroDivisionError), atomic():
            office.act(update_note, note=note, text="New")
            raise ZeroDivisionError

    assert overheard([group_of(office, note)], roll_back) == []


def test_a_savepoint_that_is_rolled_back_takes_nothing_else_along(office, note, overheard):
    def partly():
        with tenant_context(office.tenant), atomic():
            with suppress(ZeroDivisionError), atomic():
                office.act(update_note, note=note, text="Not this")
                raise ZeroDivisionError
            office.act(update_note, note=note, text="But this")

    assert overheard([group_of(office, note)], partly) == [announcement(office, note, 2)]


def test_nothing_is_announced_without_a_tenant():
    with pytest.raises(NoActiveTenant):
        announce("note.x", {"type": "note.changed"})


def test_without_redis_a_write_succeeds_and_waits_for_nothing(office, note):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and answers nothing
        hosts = [{"address": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}]
        layer = {**settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": hosts}}
        with override_settings(CHANNEL_LAYERS={"default": layer}):
            for number in range(20):
                office.act(update_note, note=note, text=str(number))
            assert not announcer.flush(0)  # every write has returned, and nothing is sent
            silent.close()
            assert announcer.flush(PATIENCE)
    with tenant_context(office.tenant):
        assert NoteActivity.objects.filter(note=note).count() == 21


def test_all_of_it_goes_over_one_connection(office, note, monkeypatch):
    """In a command or a job, where no event loop runs and each message might bring one of its own."""
    made, connect = [], socket.socket.connect

    def counting(ours, address):
        made.append(address)
        return connect(ours, address)

    office.act(update_note, note=note, text="Before")  # makes those that are kept
    assert announcer.flush(PATIENCE)
    monkeypatch.setattr(socket.socket, "connect", counting)
    for number in range(20):
        office.act(update_note, note=note, text=str(number))
        assert announcer.flush(PATIENCE)
    assert made == []


LAST_WORDS = """
import django

django.setup()
from tenancy.groups import announcer

announcer.send("tenant.absent.note.x", {"type": "note.changed"})
"""


def test_a_program_announces_at_its_end_where_redis_has_a_name():
    """In containers: the name is looked up when the interpreter lets no thread start any more."""
    environment = {**os.environ, "REDIS_URL": os.environ["REDIS_URL"].replace("127.0.0.1", "localhost")}
    done = subprocess.run(
        [sys.executable, "-c", LAST_WORDS], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Malformed messages ------------------------------------------------------------------------------------------------

MALFORMED = {
    "nothing": b"",
    "no msgpack": b"\xc1",
    "half": b"\x82\xa5group",
    "more than one": msgpack.packb({}) * 2,
    "unhashable key": b"\x81\x90\x01",
    "number": msgpack.packb(1),
    "list": msgpack.packb([1, 2]),
    "no group": msgpack.packb({"seq": 1}),
    "group is a list": msgpack.packb({"group": [], "seq": 1}),
    "number is a text": msgpack.packb({"group": "GROUP", "seq": "1"}),
    "number is a list": msgpack.packb({"group": "GROUP", "seq": [1]}),
    "number is nothing": msgpack.packb({"group": "GROUP", "seq": None}),
    "number is missing": msgpack.packb({"group": "GROUP"}),
    "number is huge": msgpack.packb({"group": "GROUP", "seq": 2**64 - 1}),
    "number is negative": msgpack.packb({"group": "GROUP", "seq": -(2**63)}),
    "pickle": pickle.dumps({"group": "GROUP", "seq": 1}),
}


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


def test_the_listener_survives_every_malformed_message(office, note, monkeypatch):
    """Without the watch, which would find the event too: only the listener can."""
    group, started = group_of(office, note), []
    monkeypatch.setattr("accounts.live.feeds.logger.warning", lambda event, **_: started.append(event))

    async def scene():
        feeds, layer = Feeds(), get_channel_layer()._get_layer()
        feed = feeds.follow(office.tenant, Key("note", note.pk), 1, lambda: None)
        name = layer._get_group_channel_name(group)
        await until(lambda: name in layer.groups and feed._reading is None)
        for number, content in enumerate(MALFORMED.values(), 2):
            async with layer._shards[0]._lock:
                await layer._shards[0]._redis.publish(name, content.replace(b"\xa5GROUP", msgpack.packb(group)))
            await asyncio.to_thread(in_passing, lambda: office.act(update_note, note=note, text="x"))
            await until(lambda number=number: feed.end == number)
        feeds._listening.cancel()
        await layer.flush()

    asyncio.run(scene())
    assert set(started) == {"announcement_malformed"}  # and it was not restarted


def test_listener_reconnects_after_any_error(office, note, monkeypatch):
    monkeypatch.setattr("accounts.live.feeds.REJOIN_SECONDS", 0.005)
    faults = [RuntimeError, KeyError, OSError, AssertionError]
    new_channel = RedisPubSubLoopLayer.new_channel

    async def fail_at_first(layer, *args):
        if faults:
            raise faults.pop()
        return await new_channel(layer, *args)

    monkeypatch.setattr(RedisPubSubLoopLayer, "new_channel", fail_at_first)

    async def scene():
        feeds, layer = Feeds(), get_channel_layer()._get_layer()
        feeds.follow(office.tenant, Key("note", note.pk), 1, lambda: None)
        await until(lambda: layer._get_group_channel_name(group_of(office, note)) in layer.groups)
        feeds._listening.cancel()
        await layer.flush()

    asyncio.run(scene())


def test_the_announcer_goes_on_after_any_fault(office, note, overheard, monkeypatch):
    faults = [RuntimeError]
    group_send = RedisPubSubLoopLayer.group_send

    async def fail_at_first(layer, *args):
        if faults:
            raise faults.pop()
        await group_send(layer, *args)

    assert announcer.flush(PATIENCE)  # or an announcement of the fixtures gets the fault
    monkeypatch.setattr(RedisPubSubLoopLayer, "group_send", fail_at_first)
    heard = overheard(
        [group_of(office, note)],
        lambda: office.act(update_note, note=note, text="Lost"),
        lambda: office.act(update_note, note=note, text="Heard"),
    )
    assert heard == [announcement(office, note, 3)]

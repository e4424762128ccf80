"""What goes through the channel layer: that something happened, and never what."""

import asyncio
import os
import pickle
import socket
import subprocess
import sys

import msgpack
import pytest
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubLoopLayer
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from accounts.live.events import Key
from accounts.live.feeds import Feeds
from config.pytest_plugin import ROOT
from projects.actions.labels import create_label, update_label
from projects.actions.projects import update_project
from projects.models import Activity
from tasks.actions.bulk import TaskChange, update_tasks
from tasks.actions.tasks import create_task
from tenancy.context import NoActiveTenant, tenant_context
from tenancy.groups import announce, announcer
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def overheard():
    """Call functions one after the other, and return what the groups hear of it: `overheard(groups, first, then)`."""

    async def listen(groups, calls):
        assert announcer.flush(PATIENCE)  # what happened before is not meant
        layer = get_channel_layer()
        channel = await layer.new_channel()
        for group in groups:
            await layer.group_add(group, channel)
        heard = []
        for call in calls:
            await asyncio.to_thread(in_passing, call)
            await asyncio.to_thread(announcer.flush, 5)
            # What was sent over this connection before has arrived when this has.
            await layer.group_send(groups[0], {"type": "end"})
            while (message := await layer.receive(channel)) != {"type": "end"}:
                heard.append(message)
        await layer.flush()
        return heard

    return lambda groups, *calls: asyncio.run(listen(groups, calls))


def in_passing(call):
    """Call it in a thread that is used for nothing else, and leave no connection to the database behind."""
    try:
        call()
    finally:
        connection.close()


def group_of(office, project):
    return f"tenant.{office.tenant.pk}.project.{project.pk}"


def announcement(office, project, seq):
    group = group_of(office, project)
    return {"type": "project.changed", "project": str(project.pk), "seq": seq, "group": group}


def test_change_sends_one_announcement_to_the_tenants_group(office, project, overheard):
    heard = overheard(
        [group_of(office, project), f"project.{project.pk}"],
        lambda: office.act(create_task, project=project, title="Secret"),
        lambda: office.act(create_task, project=project, title="Secret"),
    )
    assert heard == [announcement(office, project, 2), announcement(office, project, 3)]


def test_bulk_change_sends_one_announcement_for_each_project(office, project, overheard):
    other = office.make_project(key="OTHER")
    tasks = [office.act(create_task, project=place, title="x") for place in (project, other) for _ in range(10)]
    changes = [TaskChange(task, {"priority": "high"}) for task in tasks]
    heard = overheard(
        [group_of(office, project), group_of(office, other)], lambda: office.act(update_tasks, changes=changes)
    )
    assert sorted(heard, key=str) == sorted(
        [announcement(office, project, 21), announcement(office, other, 21)], key=str
    )


def test_label_change_is_announced_to_projects_with_the_label(office, project, overheard):
    label, without = office.act(create_label, name="Bug"), office.make_project(key="WITHOUT")
    office.act(create_task, project=project, title="x", labels=[label])
    groups = [group_of(office, project), group_of(office, without)]
    assert overheard(groups, lambda: office.act(update_label, label=label, name="Fault")) == [
        announcement(office, project, 3)
    ]


def test_rolled_back_change_is_not_announced(office, project, overheard):
    def roll_back():
        with transaction.atomic():
            office.act(update_project, project=project, name="New")
            transaction.set_rollback(True)

    assert overheard([group_of(office, project)], roll_back) == []


def test_a_savepoint_that_is_rolled_back_takes_nothing_else_along(office, project, overheard):
    def partly():
        with transaction.atomic():
            with transaction.atomic():
                office.act(update_project, project=project, name="Not this")
                transaction.set_rollback(True)
            office.act(update_project, project=project, name="But this")

    assert overheard([group_of(office, project)], partly) == [announcement(office, project, 2)]


def test_nothing_is_announced_without_a_tenant():
    with pytest.raises(NoActiveTenant):
        announce("project.x", {"type": "project.changed"})


def test_without_redis_a_write_succeeds_and_waits_for_nothing(office, project):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and answers nothing
        hosts = [{"address": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}]
        layer = {**settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": hosts}}
        with override_settings(CHANNEL_LAYERS={"default": layer}):
            for number in range(20):
                office.act(update_project, project=project, name=str(number))
            assert not announcer.flush(0)  # every write has returned, and nothing is sent
            silent.close()
            assert announcer.flush(PATIENCE)
    with tenant_context(office.tenant):
        assert Activity.objects.filter(project=project).count() == 21


def test_all_of_it_goes_over_one_connection(office, project, monkeypatch):
    """In a command or a job, where no event loop runs and each message might bring one of its own."""
    made, connect = [], socket.socket.connect

    def counting(ours, address):
        made.append(address)
        return connect(ours, address)

    office.act(update_project, project=project, name="Before")  # makes those that are kept
    assert announcer.flush(PATIENCE)
    monkeypatch.setattr(socket.socket, "connect", counting)
    for number in range(20):
        office.act(update_project, project=project, name=str(number))
        assert announcer.flush(PATIENCE)
    assert made == []


LAST_WORDS = """
import django

django.setup()
from tenancy.groups import announcer

announcer.send("tenant.absent.project.x", {"type": "project.changed"})
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


def test_the_listener_survives_every_malformed_message(office, project, monkeypatch):
    """Without the watch, which would find the event too: only the listener can."""
    group, started = group_of(office, project), []
    monkeypatch.setattr("accounts.live.feeds.logger.warning", lambda event, **_: started.append(event))

    async def scene():
        feeds, layer = Feeds(), get_channel_layer()._get_layer()
        feed = feeds.follow(office.tenant, Key("project", project.pk), 1, lambda: None)
        name = layer._get_group_channel_name(group)
        await until(lambda: name in layer.groups and feed._reading is None)
        for number, content in enumerate(MALFORMED.values(), 2):
            async with layer._shards[0]._lock:
                await layer._shards[0]._redis.publish(name, content.replace(b"\xa5GROUP", msgpack.packb(group)))
            await asyncio.to_thread(in_passing, lambda: office.act(create_task, project=project, title="x"))
            await until(lambda number=number: feed.end == number)
        feeds._listening.cancel()
        await layer.flush()

    asyncio.run(scene())
    assert set(started) == {"announcement_malformed"}  # and it was not restarted


def test_listener_reconnects_after_any_error(office, project, monkeypatch):
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
        feeds.follow(office.tenant, Key("project", project.pk), 1, lambda: None)
        await until(lambda: layer._get_group_channel_name(group_of(office, project)) in layer.groups)
        feeds._listening.cancel()
        await layer.flush()

    asyncio.run(scene())


def test_the_announcer_goes_on_after_any_fault(office, project, overheard, monkeypatch):
    faults = [RuntimeError]
    group_send = RedisPubSubLoopLayer.group_send

    async def fail_at_first(layer, *args):
        if faults:
            raise faults.pop()
        await group_send(layer, *args)

    assert announcer.flush(PATIENCE)  # or an announcement of the fixtures gets the fault
    monkeypatch.setattr(RedisPubSubLoopLayer, "group_send", fail_at_first)
    heard = overheard(
        [group_of(office, project)],
        lambda: office.act(create_task, project=project, title="Lost"),
        lambda: office.act(create_task, project=project, title="Heard"),
    )
    assert heard == [announcement(office, project, 3)]

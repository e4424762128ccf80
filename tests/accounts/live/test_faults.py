"""Redis fails, announcements get lost, connections are cut, processes end, clients do not read. Faults 3, 6 and 8."""

import asyncio
import json
import threading
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest
from redis import Redis
from websockets.exceptions import ConnectionClosed

from config.services.server import wait_until
from tenancy.context import tenant_context
from tenancy.places import atomic
from tests.accounts.live.clients import PROTOCOL, make_office, port_of
from tests.accounts.live.converging import end_of, in_the_background
from tests.accounts.live.many import Many, following, have_reached
from tests.faults.private_redis import private_redis
from tests.isolation.live import connections_of, running_web_process
from tests.sample.actions import create_note, update_note
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(test_database, tmp_path):
    """Start a web process with other variables: `with web(APPLICATION=…) as (office, process, note):`. See `log()`."""

    @contextmanager
    def web(**variables):
        variables = {"DJANGO_SETTINGS_MODULE": "tests.sample.settings", **variables}
        with running_web_process(test_database, tmp_path / "web.log", connections=8, **variables) as (url, process):
            office = make_office(port_of(url))
            yield office, process, office.act(create_note, text="Water the plants")

    web.log = lambda: (tmp_path / "web.log").read_text()
    return web


def patch(office, path, **body):
    """Write through the API, as the owner."""
    headers = {"Host": office.host, "Authorization": f"Bearer {office.token('owner')}"}
    address = f"http://127.0.0.1:{office.port}/api/v1/{path}"
    answer = httpx.patch(address, json=body, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text


# Redis -------------------------------------------------------------------------------------------------------------


def test_redis_is_stopped_and_started_empty(web, tmp_path):
    with private_redis(tmp_path) as redis, web(REDIS_URL=redis.url) as (office, _process, note):
        with office.with_token() as live:
            live.subscribe(note)
            arrives(office, note, live)
            redis.stop()
            arrives(office, note, live)  # found by looking
            with office.with_token("viewer") as newcomer:  # nothing that a socket needs is in Redis alone
                newcomer.subscribe(note)
                arrives(office, note, newcomer)
            live.receive()
            redis.start()
            with Redis.from_url(redis.url) as client:  # and told by announcements again
                assert wait_until(lambda: bool(client.pubsub_channels("*live*")), PATIENCE)
            arrives(office, note, live)
    assert "Traceback" not in web.log()


def arrives(office, note, live):
    text = str(uuid4())
    patch(office, f"notes/{note.pk}/", text=text)
    assert live.receive()["object"]["text"] == text


# Ends --------------------------------------------------------------------------------------------------------------


def test_a_process_that_ends_says_so(web):
    with web() as (office, process, note):
        protocols = [PROTOCOL, f"bearer.{office.token()}"]
        stop = threading.Event()

        def write():
            while not stop.is_set():
                office.act(update_note, note=note, text="x")

        async def scene():
            async with Many(office.uri, protocols) as many:
                sockets = [await many.connect() for _ in range(50)]
                for socket in sockets:
                    await socket.send(json.dumps({"type": "subscribe", "note": str(note.pk)}))
                await asyncio.gather(*(socket.recv() for socket in sockets))
                process.terminate()
                draining = [asyncio.create_task(drain(socket)) for socket in sockets]
                return {await task for task in draining}

        writer = in_the_background(write)
        codes = asyncio.run(scene())
        stop.set()
        writer.join()
        assert codes == {1012}
        assert process.wait(PATIENCE) in (0, -15)
    assert "Traceback" not in web.log()


async def drain(socket):
    try:
        while True:
            await asyncio.wait_for(socket.recv(), PATIENCE)
    except ConnectionClosed:
        return socket.close_code


def test_a_socket_is_recycled(web):
    with web(APPLICATION="tests.accounts.live.short_lived:application") as (office, _process, _note):
        with office.with_token() as live:
            assert live.closed() == (1012, "reconnect")


# Clients that do not read ------------------------------------------------------------------------------------------

BIG = "x" * 49_000
EVENTS, ROUNDS = 20, 16


def fill(office, note, mark):
    """Make a megabyte of events at once. Less than 16 of them fit into the buffers on the way."""
    with tenant_context(office.tenant), atomic():
        for _ in range(EVENTS):
            office.act(update_note, note=note, text=f"{mark}{BIG}")


def test_slow_reader_receives_resync(web):
    with web(APPLICATION="tests.accounts.live.forgetful:application") as (office, _process, note):
        with office.with_token() as slow, office.with_token() as quick:
            seq = slow.subscribe(note)
            quick.subscribe(note)
            for number in range(ROUNDS):
                fill(office, note, number)
                for _ in range(EVENTS):
                    assert quick.receive()["type"] == "event"  # neither client waits for the other
            seen, places = [seq], []
            while seen[-1] < seq + ROUNDS * EVENTS + 1:
                frame = slow.receive()
                if frame["type"] == "resync":
                    places.append(len(seen))
                    office.act(update_note, note=note, text="Last")
                else:
                    seen.append(frame["seq"])
    gaps = [place for place in range(1, len(seen)) if seen[place] != seen[place - 1] + 1]
    assert gaps == places
    assert len(places) == 1


def test_client_that_does_not_read_is_disconnected(web):
    with web(APPLICATION="tests.accounts.live.impatient:application") as (office, process, note):
        with office.with_token() as stuck:
            seen = [stuck.subscribe(note)]
            with_client = connections_of(process, office.port)
            for number in range(ROUNDS):
                fill(office, note, number)
            assert wait_until(lambda: "The client does not read." in web.log(), PATIENCE)
            # The connection too: to close one waits until the client has read what is on the way.
            assert wait_until(lambda: connections_of(process, office.port) < with_client, PATIENCE)
            with pytest.raises(ConnectionClosed):
                while True:
                    seen.append(stuck.receive()["seq"])
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert 1 < len(seen) < ROUNDS * EVENTS
    assert "Traceback" not in web.log()


# All clients converge ----------------------------------------------------------------------------------------------


def test_five_hundred_cut_sockets_converge_although_announcements_are_lost(web):
    with web(DJANGO_SETTINGS_MODULE="tests.accounts.live.lossy") as (office, _process, note):
        protocols = [PROTOCOL, f"bearer.{office.token()}"]

        def write():
            for number in range(100):
                office.act(update_note, note=note, text=f"Text {number}")

        async def scene():
            async with Many(office.uri, protocols) as many, following(many, note, 500) as followers:
                writer = in_the_background(write)
                while max(len(follower.seen) for follower in followers) < 40:
                    await asyncio.sleep(0.01)
                for follower in followers:
                    follower.cut()
                await have_reached(followers, await end_of([writer], office, note))
                return followers

        followers = asyncio.run(scene())
        assert min(follower.connections for follower in followers) == 2
        for follower in followers:
            assert follower.seen == list(range(2, 102)), follower.seen
            assert follower.state == {str(note.pk): {"id": str(note.pk), "text": "Text 99"}}
            assert follower.resyncs == 0
    assert "Traceback" not in web.log()

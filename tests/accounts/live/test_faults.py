"""Redis fails, announcements get lost, connections are cut, processes end, clients do not read. Faults 3, 6 and 8."""

import asyncio
import json
import random
import threading
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from redis import Redis
from websockets.exceptions import ConnectionClosed

from accounts.live.events import encode
from config.services.server import wait_until
from projects.models import Project
from tasks.actions.bulk import TaskChange, update_tasks
from tasks.actions.progress import complete_task
from tasks.actions.tasks import create_task, delete_task, update_task
from tasks.api.serializers import TaskSerializer
from tasks.api.tasks import TaskViewSet
from tenancy.context import tenant_context
from tests.accounts.live.clients import PROTOCOL, make_office, port_of
from tests.accounts.live.many import Many, following, have_reached
from tests.faults.private_redis import private_redis
from tests.isolation.live import connections_of, running_web_process
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(test_database, tmp_path):
    """Start a web process with other variables: `with web(APPLICATION=…) as (office, process):`. See `log()`."""

    @contextmanager
    def web(**variables):
        with running_web_process(test_database, tmp_path / "web.log", connections=8, **variables) as (url, process):
            yield make_office(port_of(url)), process

    web.log = lambda: (tmp_path / "web.log").read_text()
    return web


def post(office, path, **body):
    """Write through the API, as the owner."""
    headers = {"Host": office.host, "Authorization": f"Bearer {office.token('owner')}"}
    address = f"http://127.0.0.1:{office.port}/api/v1/{path}"
    answer = httpx.post(address, json=body, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 201, answer.text
    return answer.json()


# Redis -------------------------------------------------------------------------------------------------------------


def test_redis_is_stopped_and_started_empty(web, tmp_path):
    with private_redis(tmp_path) as redis, web(REDIS_URL=redis.url) as (office, _process):
        project = office.make_project()
        with office.with_token() as live:
            live.subscribe(project)
            arrives(office, project, live)
            redis.stop()
            arrives(office, project, live)  # found by looking
            with office.with_token("viewer") as newcomer:  # nothing that a socket needs is in Redis alone
                newcomer.subscribe(project)
                arrives(office, project, newcomer)
            live.receive()
            redis.start()
            with Redis.from_url(redis.url) as client:  # and told by announcements again
                assert wait_until(lambda: bool(client.pubsub_channels("*live*")), PATIENCE)
            arrives(office, project, live)
    assert "Traceback" not in web.log()


def arrives(office, project, live):
    title = f"task {uuid4()}"
    post(office, "tasks/", project=str(project.pk), title=title)
    assert live.receive()["object"]["title"] == title


# Ends --------------------------------------------------------------------------------------------------------------


def test_a_process_that_ends_says_so(web):
    with web() as (office, process):
        project, protocols = office.make_project(), [PROTOCOL, f"bearer.{office.token()}"]
        stop = threading.Event()

        def write():
            while not stop.is_set():
                office.act(create_task, project=project, title="x")

        async def scene():
            async with Many(office.uri, protocols) as many:
                sockets = [await many.connect() for _ in range(50)]
                for socket in sockets:
                    await socket.send(json.dumps({"type": "subscribe", "project": str(project.pk)}))
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
    with web(APPLICATION="tests.accounts.live.short_lived:application") as (office, _process):
        with office.with_token() as live:
            assert live.closed() == (1012, "reconnect")


# Clients that do not read ------------------------------------------------------------------------------------------

BIG = "x" * 49_000
TASKS, ROUNDS = 20, 16


def fill(office, tasks, mark):
    """Make a megabyte of events, one for each of the tasks. Less than 16 of them fit into the buffers on the way."""
    office.act(update_tasks, changes=[TaskChange(task, {"description": f"{mark}{BIG}"}) for task in tasks])


def test_slow_reader_receives_resync(web):
    with web(APPLICATION="tests.accounts.live.forgetful:application") as (office, _process):
        project = office.make_project()
        tasks = [office.act(create_task, project=project, title=str(number)) for number in range(TASKS)]
        with office.with_token() as slow, office.with_token() as quick:
            seq = slow.subscribe(project)
            quick.subscribe(project)
            for number in range(ROUNDS):
                fill(office, tasks, number)
                for _ in range(TASKS):
                    assert quick.receive()["type"] == "event"  # neither client waits for the other
            seen, places = [seq], []
            while seen[-1] < seq + ROUNDS * TASKS + 1:
                frame = slow.receive()
                if frame["type"] == "resync":
                    places.append(len(seen))
                    office.act(complete_task, task=tasks[0])
                else:
                    seen.append(frame["seq"])
    gaps = [place for place in range(1, len(seen)) if seen[place] != seen[place - 1] + 1]
    assert gaps == places
    assert len(places) == 1


def test_client_that_does_not_read_is_disconnected(web):
    with web(APPLICATION="tests.accounts.live.impatient:application") as (office, process):
        project = office.make_project()
        tasks = [office.act(create_task, project=project, title=str(number)) for number in range(TASKS)]
        with office.with_token() as stuck:
            seen = [stuck.subscribe(project)]
            with_client = connections_of(process, office.port)
            for number in range(ROUNDS):
                fill(office, tasks, number)
            assert wait_until(lambda: "The client does not read." in web.log(), PATIENCE)
            # The connection too: to close one waits until the client has read what is on the way.
            assert wait_until(lambda: connections_of(process, office.port) < with_client, PATIENCE)
            with pytest.raises(ConnectionClosed):
                while True:
                    seen.append(stuck.receive()["seq"])
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert 1 < len(seen) < ROUNDS * TASKS
    assert "Traceback" not in web.log()


# All clients converge ----------------------------------------------------------------------------------------------


def in_the_background(work):
    """Start `work` in a thread that may use the database, and return the thread."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def last_number(project):
    return Project.objects.values_list("last_activity_seq", flat=True).get(pk=project.pk)


def state_of(office, project):
    with tenant_context(office.tenant):
        rows = TaskViewSet.queryset.filter(project=project)
        return {str(row.pk): json.loads(encode(TaskSerializer(row).data)) for row in rows}


async def end_of(threads, office, project):
    """Wait for the threads, and return the number of the last event."""
    while any(thread.is_alive() for thread in threads):
        await asyncio.sleep(0.02)

    def read():
        try:
            with tenant_context(office.tenant):
                return last_number(project)
        finally:
            connection.close()

    return await asyncio.to_thread(read)


def test_five_hundred_cut_sockets_converge_although_announcements_are_lost(web):
    with web(DJANGO_SETTINGS_MODULE="tests.accounts.live.lossy") as (office, _process):
        project, protocols = office.make_project(), [PROTOCOL, f"bearer.{office.token()}"]
        tasks = [office.act(create_task, project=project, title=str(number)) for number in range(10)]

        def write():
            for number in range(10):
                for task in tasks:
                    office.act(update_task, task=task, title=f"Title {number}")

        async def scene():
            async with Many(office.uri, protocols) as many, following(many, str(project.pk), 500) as followers:
                writer = in_the_background(write)
                while max(len(follower.seen) for follower in followers) < 40:
                    await asyncio.sleep(0.01)
                for follower in followers:
                    follower.cut()
                await have_reached(followers, await end_of([writer], office, project))
                return followers

        followers = asyncio.run(scene())
        state = {str(task.pk): "Title 9" for task in tasks}
        assert min(follower.connections for follower in followers) == 2
        for follower in followers:
            assert follower.seen == list(range(12, 112)), follower.seen
            assert {key: form["title"] for key, form in follower.state.items()} == state
            assert follower.resyncs == 0
    assert "Traceback" not in web.log()


def test_a_client_that_is_cut_fifty_times_ends_with_the_state_of_the_server(office, project):
    """While others write two thousand changes: each event once, in order."""
    protocols, chance = [PROTOCOL, f"bearer.{office.token()}"], random.Random(50)

    def write(number, changes):
        mine = [office.act(create_task, project=project, title=f"New {number}-{each}") for each in range(25)]
        for round_ in range(changes // 25 - 1):
            office.act(update_tasks, changes=[TaskChange(task, {"title": f"{number}-{round_}"}) for task in mine])
        for task in mine[:10]:
            office.act(complete_task, task=task)
        for task in mine[10:15]:
            office.act(delete_task, task=task)

    async def scene():
        async with Many(office.uri, protocols) as many, following(many, str(project.pk), 1) as (follower,):
            writers = [in_the_background(lambda n=n: write(n, 500)) for n in range(4)]
            for _ in range(50):
                next_cut = len(follower.seen) + chance.randrange(1, 40)
                while len(follower.seen) < next_cut:
                    await asyncio.sleep(0.001)
                follower.cut()
            await have_reached([follower], await end_of(writers, office, project))
            return follower

    follower = asyncio.run(scene())
    state = state_of(office, project)
    assert follower.connections > 50
    assert follower.seen == list(range(2, 2 + 4 * 515))
    for gone in set(follower.state) - set(state):
        del follower.state[gone]  # whose last event had no object
    assert follower.state == state

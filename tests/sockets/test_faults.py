"""Redis goes away, pokes get lost, cables are cut, processes end, clients do not read. Faults 3, 6 and 8."""

import asyncio
import json
import os
import random
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection

from projects.models import Project
from tasks.actions import TaskChange, complete_task, create_task, delete_task, update_task, update_tasks
from tasks.api.tasks import TaskSerializer, TaskViewSet
from tenancy.context import tenant_context
from tests.isolation.live import running_web_process, web_process
from tests.sockets.live import PROTOCOL, make_office, port_of
from tests.sockets.many import Follower, Many
from tests.sockets.redis_server import OwnRedis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(test_database, tmp_path):
    """Start a web process with other variables: `with web(APPLICATION=…) as (office, process):`. See `log()`."""
    from contextlib import contextmanager

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
    redis = OwnRedis(tmp_path)
    redis.start()
    try:
        with web(REDIS_URL=redis.url) as (office, _process):
            project = office.make_project()
            with office.with_token() as live:
                live.subscribe(project)
                assert seconds_to_arrive(office, project, live) < 5
                redis.stop()
                assert seconds_to_arrive(office, project, live) < 10
                with office.with_token("viewer") as newcomer:  # nothing that a socket needs is in Redis alone
                    newcomer.subscribe(project)
                    assert seconds_to_arrive(office, project, newcomer) < 10
                live.receive()
                redis.start()
                # Found by looking at first, then told by pokes again, which is quicker than the watch looks.
                assert min(seconds_to_arrive(office, project, live) for _ in range(10)) < 0.5
    finally:
        redis.stop()
    assert "Traceback" not in web.log()


def seconds_to_arrive(office, project, live):
    title = f"at {time.monotonic()}"
    post(office, "tasks/", project=str(project.pk), title=title)
    started = time.monotonic()
    assert live.receive()["object"]["title"] == title
    return time.monotonic() - started


# Ends --------------------------------------------------------------------------------------------------------------


def test_a_process_that_ends_says_so(web):
    with web() as (office, process):
        project, protocols = office.make_project(), [PROTOCOL, f"bearer.{office.token()}"]
        stop = threading.Event()

        def write():
            try:
                while not stop.is_set():
                    office.act(create_task, project=project, title="x")
            finally:
                connection.close()

        async def scene():
            async with Many(office.uri, protocols) as many:
                sockets = [await many.connect() for _ in range(50)]
                for socket in sockets:
                    await socket.send(json.dumps({"type": "subscribe", "project": str(project.pk)}))
                await asyncio.gather(*(socket.recv() for socket in sockets))
                started = time.monotonic()
                process.terminate()
                draining = [asyncio.create_task(drain(socket)) for socket in sockets]
                codes = {await task for task in draining}
                return codes, time.monotonic() - started

        writer = threading.Thread(target=write)
        writer.start()
        codes, seconds = asyncio.run(scene())
        stop.set()
        writer.join()
        assert codes == {1012}
        assert seconds < 5
        assert process.wait(timeout=10) in (0, -15)
    assert "Traceback" not in web.log()


async def drain(socket):
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    except socket_closed():
        return socket.close_code


def socket_closed():
    from websockets.exceptions import ConnectionClosed

    return ConnectionClosed


def test_a_socket_is_recycled(web):
    with web(APPLICATION="tests.sockets.impatient:application") as (office, _process):
        with office.with_token() as live:
            assert live.closed() == (1012, "reconnect")


# Clients that do not read ------------------------------------------------------------------------------------------

BIG = "x" * 20_000


def fill(office, tasks, marks):
    for mark in marks:
        changes = [TaskChange(task, {"description": f"{mark}{BIG}"}) for task in tasks]
        office.act(update_tasks, changes=changes)


def test_who_reads_slowly_is_told_to_read_anew(office, project):
    tasks = [office.act(create_task, project=project, title=str(number)) for number in range(300)]
    with office.with_token() as slow, office.with_token() as quick:
        seq = slow.subscribe(project)
        quick.subscribe(project)
        reading = threading.Thread(target=lambda: [quick.receive(60) for _ in range(1_500)])
        reading.start()
        fill(office, tasks, "abcde")  # 30 MB: more than all buffers on the way
        reading.join(timeout=60)
        assert not reading.is_alive()  # nobody waits for the other
        seen, resyncs = [], 0
        while not seen or seen[-1] < seq + 1_501:
            frame = slow.receive()
            if frame["type"] == "resync":
                resyncs += 1
                office.act(complete_task, task=tasks[0])  # the next event after where it goes on
            else:
                seen.append(frame["seq"])
    gaps = [second for first, second in zip([seq, *seen], seen, strict=False) if second != first + 1]
    assert (resyncs, len(gaps)) == (1, 1)


def test_who_does_not_read_at_all_is_hung_up_on(web):
    with web(APPLICATION="tests.sockets.impatient:application") as (office, _process):
        project = office.make_project()
        tasks = [office.act(create_task, project=project, title=str(number)) for number in range(300)]
        with office.with_token() as stuck:
            seq = stuck.subscribe(project)
            fill(office, tasks, "abc")
            time.sleep(6)  # the patience of that application, and a look at the clock
            seen = [seq]
            with pytest.raises(socket_closed()):
                while True:
                    seen.append(stuck.receive()["seq"])
        assert seen == list(range(seq, seq + len(seen)))
        assert len(seen) < 900
    assert "Traceback" not in web.log()


# Everybody converges -----------------------------------------------------------------------------------------------


def in_the_background(office, work):
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
        return {str(row.pk): json.loads(json.dumps(TaskSerializer(row).data)) for row in rows}


async def end_of(thread, office, project):
    while thread.is_alive():
        await asyncio.sleep(0.02)

    def read():
        try:
            with tenant_context(office.tenant):
                return last_number(project)
        finally:
            connection.close()

    return await asyncio.to_thread(read)


def test_five_hundred_sockets_are_cut_at_once_while_pokes_get_lost(web):
    with web(DJANGO_SETTINGS_MODULE="tests.sockets.lossy") as (office, _process):
        project, protocols = office.make_project(), [PROTOCOL, f"bearer.{office.token()}"]
        tasks = [office.act(create_task, project=project, title=str(number)) for number in range(10)]
        office_ready = threading.Event()

        def write():
            office_ready.wait(60)
            for number in range(10):
                for task in tasks:
                    office.act(update_task, task=task, title=f"Title {number}")

        async def scene():
            until = asyncio.get_running_loop().create_future()
            async with Many(office.uri, protocols) as many:
                followers = [Follower(many, str(project.pk)) for _ in range(500)]
                running = [asyncio.create_task(follower.follow(until)) for follower in followers]
                for follower in followers:
                    await follower.ready.wait()
                writer = in_the_background(office, write)
                office_ready.set()
                while max(len(follower.seen) for follower in followers) < 40:
                    await asyncio.sleep(0.01)
                for follower in followers:
                    follower.cut()
                until.set_result(await end_of(writer, office, project))
                await asyncio.wait_for(asyncio.gather(*running), 60)
                return followers

        followers = asyncio.run(scene())
        state = {str(task.pk): "Title 9" for task in tasks}
        assert {follower.connections for follower in followers} == {2}
        for follower in followers:
            assert follower.seen == list(range(12, 112)), follower.seen
            assert {key: form["title"] for key, form in follower.state.items()} == state
            assert follower.resyncs == 0
    assert "Traceback" not in web.log()


def test_a_client_that_is_cut_fifty_times_ends_with_the_state_of_the_server(office, project):
    """While others write two thousand changes: each event once, in order."""
    protocols, chance = [PROTOCOL, f"bearer.{office.token()}"], random.Random(50)

    def write(number, changes):
        mine = [office.act(create_task, project=project, title=f"{number}-{each}") for each in range(25)]
        for round_ in range(changes // 25 - 1):
            office.act(update_tasks, changes=[TaskChange(task, {"title": f"{number}-{round_}"}) for task in mine])
        for task in mine[:10]:
            office.act(complete_task, task=task)
        for task in mine[10:15]:
            office.act(delete_task, task=task)

    async def scene():
        until = asyncio.get_running_loop().create_future()
        async with Many(office.uri, protocols) as many:
            follower = Follower(many, str(project.pk))
            running = asyncio.create_task(follower.follow(until))
            await follower.ready.wait()
            writers = [in_the_background(office, lambda n=n: write(n, 500)) for n in range(4)]
            for _ in range(50):
                seen = len(follower.seen)
                async with asyncio.timeout(30):
                    while len(follower.seen) < seen + chance.randrange(1, 40) and not running.done():
                        await asyncio.sleep(0.001)
                follower.cut()
            for writer in writers:
                last = await end_of(writer, office, project)
            until.set_result(last)
            await asyncio.wait_for(running, 30)
            return follower

    follower = asyncio.run(scene())
    state = state_of(office, project)
    assert follower.connections > 50
    assert follower.seen == list(range(2, 2 + 4 * 515))
    for gone in set(follower.state) - set(state):
        del follower.state[gone]  # whose last event had no object
    assert follower.state == state

"""Request bodies are received within limits, before Django runs; listed views read their body themselves."""

import asyncio
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig

from config import bodies
from config.bodies import PLACES, SMALL, ArrivingBody, Places, receive_all, streams_body
from config.slow_clients import GRACE, RATE, Pace
from tests.config.test_fairness import Clock
from tests.isolation.routes import URLCONFS, routes

MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def post(length=None, path="/auth/login/", content_type=b"multipart/form-data; boundary=x"):
    headers = [(b"content-type", content_type)]
    headers += [(b"content-length", str(length).encode())] if length is not None else []
    return {"type": "http", "method": "POST", "path": path, "headers": headers}


class Sender:
    """A client that sends `size` bytes, `piece` of them every `pause` seconds, and counts what is received."""

    def __init__(self, size, *, piece=SMALL, pause=0.0):
        self.left, self.piece, self.pause, self.received = size, piece, pause, 0

    async def receive(self):
        await asyncio.sleep(self.pause)
        sent = min(self.left, self.piece)
        self.left -= sent
        self.received += sent
        return {"type": "http.request", "body": bytes(sent), "more_body": self.left > 0}


def receive(sender, length=None):
    async def run():
        return await receive_all(post(length), sender.receive, "203.0.113.1", Places())

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(run())


def test_body_read_as_a_whole_is_in_memory():
    body = receive(Sender(MOST))
    assert body.status is None
    assert len(body.read()) == MOST


def test_body_declared_too_large_is_refused_before_reading():
    sender = Sender(MOST + 1)
    assert receive(sender, length=MOST + 1).status == 413
    assert sender.received == 0


def test_body_of_unknown_length_is_refused_at_the_limit():
    sender = Sender(100 * MOST)
    assert receive(sender).status == 413
    assert sender.received <= MOST + SMALL


@pytest.mark.parametrize(
    ("piece", "pause", "status"),
    [
        (1, 1.0, 408),  # without a pause or an end
        (1000, GRACE + 1, 408),
        (RATE // 2, 1.0, 408),
        (2 * RATE, 1.0, None),
        (RATE // 2, 0.1, None),
    ],
)
def test_a_body_takes_as_long_as_its_size_allows(piece, pause, status):
    assert receive(Sender(MOST, piece=piece, pause=pause)).status == status


def test_client_address_has_limited_slots_for_large_bodies():
    async def run():
        places = Places()
        sent, tasks = asyncio.Event(), []

        class Slow(Sender):
            async def receive(self):
                if self.received > SMALL:
                    await sent.wait()
                return await super().receive()

        def start(size, client):
            sender = Slow(size, piece=SMALL + 1)
            tasks.append(asyncio.create_task(receive_all(post(), sender.receive, client, places)))
            return sender

        large = [start(5 * SMALL, "203.0.113.1") for _ in range(PLACES + 5)]
        other, small = start(5 * SMALL, "203.0.113.2"), start(10, "203.0.113.1")
        for _ in range(50):
            await asyncio.sleep(0)
        sent.set()
        first = [sender.received for sender in large]
        for _ in range(50):
            await asyncio.sleep(0)
        return first, [sender.left for sender in (*large, other, small)]

    first, left = asyncio.run(run())
    assert first == [SMALL + 1] * (PLACES + 5)  # the waiting ones have sent no more
    assert set(left) == {0}  # and continue when others are done


# Bodies that a view reads ------------------------------------------------------------------------------------------

UPLOADS = {
    "api/v1/attachments/upload/",
    "api/v1/account/logo/",
    "api/v1/me/avatar/",
    "tasks/<task_key:key>/attachments/",
    "settings/pictures/logo/",
    "settings/pictures/avatar/",
}


def test_only_listed_views_read_their_body():
    """Each of these views authenticates before it reads: it reads no body of an anonymous client."""
    found = {
        route.pattern
        for urlconf in URLCONFS
        for route in routes(urlconf)
        if getattr(route.api_view or route.view, "streams_body", False)
    }
    assert found == UPLOADS


@pytest.mark.parametrize(
    ("path", "content_type", "is_left"),
    [
        ("/api/v1/attachments/upload/", b"multipart/form-data; boundary=x", True),
        ("/t/acme/api/v1/attachments/upload/", b"multipart/form-data; boundary=x", True),
        ("/api/v1/me/avatar/", b"image/png", True),
        ("/tasks/WEB-1/attachments/", b"Multipart/Form-Data; boundary=x", True),
        ("/settings/pictures/avatar/", b"multipart/form-data; boundary=x", True),
        ("/settings/pictures/avatar/", b"application/x-www-form-urlencoded", False),
        ("/api/v1/comments/", b"multipart/form-data; boundary=x", False),
        ("/auth/login/", b"multipart/form-data; boundary=x", False),
        ("/nowhere/", b"multipart/form-data; boundary=x", False),
    ],
)
def test_a_body_is_left_to_the_view_by_address_and_type(path, content_type, is_left):
    assert streams_body(post(path=path, content_type=content_type)) is is_left


class Turn:
    """A worker slot that records whether it is held."""

    client, held = "203.0.113.1", True

    def give_back(self):
        self.held = False

    async def arrive(self):
        self.held = True


def read_in_thread(sender, read, turn=None, places=None):
    """Call `read` with an arriving body in a thread, as a view does."""

    async def run():
        body = ArrivingBody(sender.receive, turn=turn or Turn(), places=places or Places())
        return await asyncio.to_thread(read, body)

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(run())


def test_worker_slot_is_free_while_the_client_sends():
    turn, seen = Turn(), []

    class Watched(Sender):
        async def receive(self):
            seen.append(turn.held)
            return await super().receive()

    assert read_in_thread(Watched(3 * SMALL), lambda body: body.read(1), turn) == b"\0"
    assert seen == [False]
    assert read_in_thread(Watched(10), lambda body: body.read(100), turn) == bytes(10)
    assert turn.held  # again, after the whole body was received


def test_body_slot_belongs_to_the_active_tenant(monkeypatch):
    asked = []

    class Noted(Places):
        def of(self, key):
            asked.append(key)
            return super().of(key)

    read_in_thread(Sender(10), lambda body: body.read(1), places=Noted())
    monkeypatch.setattr(bodies, "get_active_tenant", lambda: SimpleNamespace(pk=7))
    read_in_thread(Sender(10), lambda body: body.read(1), places=Noted())
    assert asked == ["203.0.113.1", "7"]


def test_a_body_is_not_read_in_a_transaction(monkeypatch):
    in_transaction = SimpleNamespace(all=lambda **_options: [SimpleNamespace(in_atomic_block=True)])
    monkeypatch.setattr(bodies, "connections", in_transaction)
    sender = Sender(10)
    with pytest.raises(RuntimeError, match="A transaction does not wait for a client"):
        read_in_thread(sender, lambda body: body.read(1))
    assert sender.received == 0


def test_oversized_body_read_as_a_whole_is_hardly_received():
    sender = Sender(100 * MOST)
    with pytest.raises(RequestDataTooBig):
        read_in_thread(sender, lambda body: body.read())
    assert sender.received <= MOST + 2 * SMALL


def test_slow_body_is_refused():
    with pytest.raises(OSError, match="too slow"):
        read_in_thread(Sender(10**6, piece=1, pause=1.0), lambda body: [body.read(100) for _ in range(10**6)])


def test_time_waiting_for_a_slot_does_not_count_as_slow_sending():
    """Only the time of the client counts, and not the time of storage between two chunks."""

    async def run():
        pace = Pace()
        for _ in range(100):
            await pace.wait_for(asyncio.sleep(0.1))
            await asyncio.sleep(60)
            pace.has_moved(1)

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(run())

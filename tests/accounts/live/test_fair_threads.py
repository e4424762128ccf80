"""Threads that all sockets share: many calls of one account delay those of no other, and the watch has its own."""

import asyncio
import json
import threading
from collections import Counter
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.live import consumer
from accounts.live import watch as watching
from accounts.live.events import Key
from accounts.live.visitors import Visitor
from tenancy.context import require_active_tenant, tenant_context
from tenancy.sockets import PATIENT_THREADS, THREADS, TenantSockets, in_thread
from tests.accounts.live.looking import queries_of_look, sockets_of_viewers
from tests.sample.models import Note
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db
MANY = 60
BOTH = (THREADS, PATIENT_THREADS)


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


class Gate:
    """Something that takes until the gate is opened; `begun` are those who asked for it, in their order."""

    def __init__(self):
        self.begun = []
        self._open = threading.Event()

    def __call__(self, who):
        self.begun.append(who)
        assert self._open.wait(PATIENCE)

    def open(self):
        self._open.set()


@pytest.mark.parametrize("threads", BOTH)
def test_many_calls_of_one_account_leave_threads_to_the_others(acme, globex, threads):
    gate = Gate()

    def ask(tenant, number):
        with tenant_context(tenant):
            return [asyncio.create_task(in_thread(gate, threads)(tenant.slug)) for _ in range(number)]

    async def scene():
        calls = ask(acme, MANY)
        await until(lambda: gate.begun)
        calls += ask(globex, 1)
        try:
            await until(lambda: "globex" in gate.begun)  # although none of the others has ended
            return list(gate.begun)
        finally:
            gate.open()
            await asyncio.gather(*calls)

    assert Counter(asyncio.run(scene())) == {"acme": 2, "globex": 1}


def socket_of(tenant):
    """Return what makes a socket of an account ask for a note, and ends it."""
    visitor = Visitor(uuid4(), uuid4(), "viewer", timezone.now())
    frames = [json.dumps({"type": "subscribe", "note": str(uuid4())})]
    scope = {"type": "websocket", "tenant": tenant, "visitor": visitor, "subprotocol": "commonhold.v1", "path": "/ws/"}
    messages = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": each} for each in frames)]
    answered = asyncio.Event()

    async def receive():
        if messages:
            return messages.pop(0)
        await answered.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message):
        if message["type"] != "websocket.accept":
            answered.set()

    with tenant_context(tenant):
        return asyncio.create_task(consumer.LiveConsumer.as_asgi()(scope, receive, send))


def test_a_subscription_does_not_wait_behind_sixty_of_another_account(acme, globex, monkeypatch):
    gate = Gate()

    def last_number(visitor, key):
        gate(require_active_tenant().slug)
        raise consumer.not_found(key)

    monkeypatch.setattr(consumer, "last_number", last_number)
    monkeypatch.setattr(consumer, "watch", SimpleNamespace(enter=lambda _: None, leave=lambda _: None))

    async def scene():
        sockets = [socket_of(acme) for _ in range(MANY)]
        await until(lambda: gate.begun)
        sockets.append(socket_of(globex))
        try:
            await until(lambda: "globex" in gate.begun)
            return list(gate.begun)
        finally:
            gate.open()
            await asyncio.gather(*sockets, return_exceptions=True)

    assert Counter(asyncio.run(scene())) == {"acme": 2, "globex": 1}


def handshake(sockets, host, address):
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/ws/",
        "raw_path": b"/ws/",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "subprotocols": ["commonhold.v1"],
        "client": (address, 50_000),
        "server": ("127.0.0.1", 8000),
    }

    async def nothing(*_):
        return {}

    return asyncio.create_task(sockets(scope, nothing, nothing))


@pytest.mark.parametrize("step", ["_resolve", "admit"])
def test_a_handshake_does_not_wait_behind_sixty_others(acme, globex, monkeypatch, step):
    """By the address while the tenant is not known, and by the tenant afterwards."""
    gate = Gate()
    tenants = {"acme.localhost": acme, "globex.localhost": globex}

    def resolve(request):
        host = request.META["HTTP_HOST"]
        if step == "_resolve":
            gate(host)
        return tenants[host]

    def admit(request, token):
        if step == "admit":
            gate(request.META["HTTP_HOST"])

    async def application(scope, receive, send):
        pass

    monkeypatch.setattr("tenancy.sockets._resolve", resolve)
    sockets = TenantSockets(
        application,
        path="/ws/",
        subprotocol="commonhold.v1",
        admit=admit,
        dismiss=lambda tenant: None,
    )

    async def scene():
        calls = [handshake(sockets, "acme.localhost", "192.0.2.1") for _ in range(MANY)]
        await until(lambda: gate.begun)
        calls.append(handshake(sockets, "globex.localhost", "192.0.2.2"))
        try:
            await until(lambda: "globex.localhost" in gate.begun)
            return list(gate.begun)
        finally:
            gate.open()
            await asyncio.gather(*calls)

    assert Counter(asyncio.run(scene())) == {"acme.localhost": 2, "globex.localhost": 1}


# The watch ---------------------------------------------------------------------------------------------------------


class WatchedSocket:
    """What the watch needs of a socket."""

    def __init__(self, tenant):
        self.tenant, self.visitor, self.subscriptions = tenant, tenant.slug, {}
        self.faults = 0

    def look_at_the_clock(self, now):
        if self.faults:
            self.faults -= 1
            raise ZeroDivisionError


@contextmanager
def watched(tenants, monkeypatch, look):
    """Give a watch that looks all the time, with a socket of each of the tenants."""
    monkeypatch.setattr(watching, "EVERY", 0.005)
    monkeypatch.setattr(watching, "look", look)
    monkeypatch.setattr(watching, "open_sockets", SimpleNamespace(publish=lambda: None))
    watch = watching.Watch()
    yield watch, [WatchedSocket(tenant) for tenant in tenants]
    watch._running.cancel()


def test_the_watch_waits_for_no_look_that_hangs_and_for_no_subscription(acme, globex, monkeypatch):
    gate, looks = Gate(), Counter()

    def look(tenant, visitors, followed):
        looks[tenant.slug] += 1
        if tenant == acme:
            gate("look")
        return watching.Findings({}, set(), {})

    async def scene():
        with tenant_context(acme), watched([acme, globex], monkeypatch, look) as (watch, sockets):
            calls = [asyncio.create_task(in_thread(gate, threads)("call")) for threads in BOTH for _ in range(MANY)]
            for socket in sockets:
                watch.enter(socket)
            try:
                await until(lambda: looks["globex"] >= 5)
                return dict(looks)
            finally:
                gate.open()
                await asyncio.gather(*calls)

    assert asyncio.run(scene())["acme"] == 1  # one at a time of each account


def test_the_watch_goes_on_after_a_fault_of_its_own(acme, monkeypatch):
    looks = Counter()

    def look(tenant, visitors, followed):
        looks[tenant.slug] += 1
        return watching.Findings({}, set(), {})

    async def scene():
        with tenant_context(acme), watched([acme], monkeypatch, look) as (watch, (socket,)):
            socket.faults = 1
            watch.enter(socket)
            await until(lambda: looks["acme"] >= 3)
            assert socket.faults == 0

    asyncio.run(scene())


def test_a_look_asks_as_much_for_many_sockets_as_for_one(acme):
    sockets = sockets_of_viewers(acme, 5)
    reader = next(iter(sockets))
    with tenant_context(acme):
        rows = Note.objects.bulk_create(Note(text=str(n), reader=reader if n % 2 else None) for n in range(10))
    all_of_them = [visitor for each in sockets.values() for visitor in each]
    followed = {(member.pk, Key("note", row.pk)) for member in sockets for row in rows}
    one = all_of_them[:1], {(all_of_them[0].member_id, Key("note", rows[0].pk))}
    assert queries_of_look(acme, all_of_them, followed) == queries_of_look(acme, *one) <= 8

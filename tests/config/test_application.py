"""Requests run in a fixed pool of threads. No thread of it waits for a worker slot or for a client."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from config.application import Application
from config.fairness import TakeTurns, TurnMiddleware
from tests.waiting import PATIENCE

noted = ContextVar("noted", default="nothing")


class Site:
    """The application with a view of the test, in `threads` threads. The path of a request names its tenant.

    A request of `blocked` waits in the view until `unblocked` is set.
    """

    def __init__(self, settings, *, threads, share, view=None, tenant_of=None):
        settings.POOL_SIZE = 2 * share
        self.application = Application()
        self.application._threads = ThreadPoolExecutor(threads)
        self.application._middleware_chain = self.resolve
        self.turns = TakeTurns(self.application)
        self.view = view or (lambda request: HttpResponse(threading.current_thread().name))
        self.tenant_of = tenant_of or (lambda request: request.path.strip("/"))
        self.worked_on = []  # tenants, in the order of their views
        self.blocked, self.has_begun, self.unblocked = "", asyncio.Event(), threading.Event()

    def resolve(self, request):
        request.tenant = SimpleNamespace(pk=self.tenant_of(request))
        return TurnMiddleware(self.call_view)(request)

    def call_view(self, request):
        self.worked_on.append(request.tenant.pk)
        if request.tenant.pk == self.blocked:
            self.loop.call_soon_threadsafe(self.has_begun.set)
            self.unblocked.wait(PATIENCE)
        return self.view(request)

    @asynccontextmanager
    async def busy(self, *, at_once="", waiting=0):
        """Give requests of acme: the first is in its view, and others are `waiting` for a slot.

        The request `at_once` comes together with the first one.
        """
        self.loop, self.blocked = asyncio.get_running_loop(), "acme"
        clients = [Client(self, path) for path in ("/acme/", at_once) if path]
        try:
            await self.has_begun.wait()
            clients += [Client(self, "/acme/") for _ in range(waiting)]
            yield clients
        finally:
            self.unblocked.set()
            await asyncio.gather(*(client.task for client in clients))

    def has_waiting(self, count):
        return self.turns.senders["acme"].requests == 1 + count


class Client:
    """A client that has sent its request, and disconnects when the test says so."""

    def __init__(self, site, path, *, content_type=b"text/plain"):
        self.sent, self.gone, self.begun = [], asyncio.Event(), False
        headers = [(b"content-type", content_type)]
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("203.0.113.1", 1)}
        self.task = asyncio.create_task(site.turns(scope, self.receive, self.send))

    async def receive(self):
        if not self.begun:
            self.begun = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    async def answer(self):
        async with asyncio.timeout(PATIENCE):
            await self.task
        assert self.sent[0]["status"] == 200
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


def test_healthz_is_answered_while_all_threads_are_busy(settings):
    async def run():
        site = Site(settings, threads=1, share=4)
        async with site.busy():
            return await Client(site, "/healthz").answer()

    assert asyncio.run(run()) == b'{"status": "ok"}'


def test_readyz_has_a_thread_of_its_own_while_all_threads_are_busy(settings):
    async def run():
        site = Site(settings, threads=1, share=4)
        async with site.busy():
            return await Client(site, "/readyz").answer()

    assert asyncio.run(run()).startswith(b"readiness")


def test_file_is_sent_in_pieces_of_the_size_of_django(settings, tmp_path):
    size = 4 * Application.chunk_size
    (tmp_path / "file").write_bytes(bytes(size))

    async def run():
        site = Site(settings, threads=1, share=1, view=lambda request: FileResponse((tmp_path / "file").open("rb")))
        client = Client(site, "/acme/")
        assert len(await client.answer()) == size
        return [len(message["body"]) for message in client.sent[1:] if message.get("body")]

    assert asyncio.run(run()) == [Application.chunk_size] * 4


def test_no_thread_of_the_pool_waits_for_a_slot(settings):
    """Two threads, one of which works for acme: its other requests wait, and the second thread is free for globex."""

    async def run():
        site = Site(settings, threads=2, share=1)
        async with site.busy(waiting=4):
            await Client(site, "/globex/").answer()
            before = list(site.worked_on)
        return before, site

    before, site = asyncio.run(run())
    assert before == ["acme", "globex"]
    assert site.worked_on == ["acme", "globex"] + ["acme"] * 4
    assert (site.turns.ahead, site.turns.senders["acme"].requests) == (0, 0)


def test_slot_of_an_address_is_free_again_when_the_tenant_is_known(settings):
    """The thread of the first request releases it, and the event loop wakes the second request, which waits for it."""

    async def run():
        site = Site(settings, threads=2, share=1)
        async with site.busy(at_once="/globex/") as (_acme, globex):
            return await globex.answer()

    assert asyncio.run(run())


def test_request_resolved_to_another_tenant_waits_for_a_slot_of_that_tenant(settings):
    """The tenant of an address may change between the two times that it is looked up."""
    names = iter(["acme", "acme", "globex", "globex"])

    async def run():
        site = Site(settings, threads=2, share=1, tenant_of=lambda request: next(names), view=held)
        async with site.busy(waiting=1) as clients:
            await until(lambda: site.has_waiting(1))
        return [await client.answer() for client in clients]

    def held(request):
        return HttpResponse(
            " ".join(key for key, sender in request.scope["turn"]._turns.senders.items() if sender.requests)
        )

    assert asyncio.run(run()) == [b"acme", b"globex"]


def test_disconnected_client_keeps_its_slot_until_its_thread_has_ended(settings):
    """Otherwise requests that are given up at once would fill all threads."""

    async def run():
        site = Site(settings, threads=4, share=1)
        async with site.busy(waiting=1) as (first, _second):
            await until(lambda: site.has_waiting(1))
            first.gone.set()
            for _ in range(10):  # long enough for the other request of acme to begin
                await Client(site, "/globex/").answer()
            during = list(site.worked_on)
        return during, site.worked_on, first.sent

    before = ["acme"] + ["globex"] * 10
    assert asyncio.run(run()) == (before, [*before, "acme"], [])


def test_no_view_runs_for_a_client_that_disconnects_while_it_waits(settings):
    async def run():
        site = Site(settings, threads=4, share=1)
        async with site.busy(waiting=2) as (first, second, _third):
            await until(lambda: site.has_waiting(2))
            second.gone.set()
            await until(second.task.done)
            assert not first.task.done()
        return site.worked_on, second.sent

    assert asyncio.run(run()) == (["acme", "acme"], [])


def test_upload_runs_in_a_separate_thread(settings):
    async def run():
        site = Site(settings, threads=1, share=4, tenant_of=lambda request: request.path.split("/")[1])
        async with site.busy():
            path = "/settings/pictures/avatar/"
            return await Client(site, path, content_type=b"multipart/form-data; boundary=x").answer()

    assert asyncio.run(run()).startswith(b"upload")


def test_request_begins_with_an_empty_context_in_a_thread_that_was_used_before(settings):
    def view(request):
        found = noted.get()
        noted.set(request.path)
        return HttpResponse(found)

    async def run():
        site = Site(settings, threads=1, share=4, view=view)
        return [await Client(site, path).answer() for path in ("/acme/", "/globex/")]

    assert asyncio.run(run()) == [b"nothing", b"nothing"]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("leaves", [False, True])
def test_streamed_response_is_closed_after_its_last_piece_or_when_the_client_leaves(settings, leaves, is_async):
    closed, has_left = [], threading.Event()

    async def async_pieces():
        yield b"one "
        if leaves:
            await asyncio.Event().wait()
        yield b"two"

    def sync_pieces():
        try:
            yield b"one "
            if leaves:
                has_left.wait(PATIENCE)
            yield b"two"
        finally:
            closed.append("pieces")

    def view(request):
        response = StreamingHttpResponse(async_pieces() if is_async else sync_pieces())
        response._resource_closers.append(
            lambda: closed.append(threading.current_thread() is not threading.main_thread())
        )
        return response

    async def run():
        site = Site(settings, threads=1, share=4, view=view)
        client = Client(site, "/acme/")
        if leaves:
            await until(lambda: len(client.sent) == 2)
            client.gone.set()
            await asyncio.sleep(0)
            has_left.set()
        return await client.answer()

    assert asyncio.run(run()) == (b"one " if leaves else b"one two")
    assert closed == ([True] if is_async else ["pieces", True])


def test_synchronous_body_is_sent_while_it_is_created_in_a_thread(settings):
    created, sent_before, clients = [], [], []

    def pieces():
        for piece in (b"one ", b"two ", b"three"):
            created.append(threading.current_thread() is not threading.main_thread())
            sent_before.append(len(clients[0].sent))
            yield piece

    async def run():
        site = Site(settings, threads=1, share=4, view=lambda request: StreamingHttpResponse(pieces()))
        clients.append(Client(site, "/acme/"))
        return await clients[0].answer()

    assert asyncio.run(run()) == b"one two three"
    assert created == [True] * 3
    assert sent_before == [1, 2, 3]  # its start and the pieces before

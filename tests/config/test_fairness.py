"""Worker slots: many requests of one sender wait for each other and delay no other sender."""

import asyncio
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from config.fairness import TakeTurns, TurnMiddleware, client_of


async def arrive(scope):
    """Process a received request like Django: resolve its tenant, if there is one, and wait for the slot."""
    await scope["turn"].arrive()
    await scope["turn"].take(scope["tenant"] or f"address {scope['turn'].client}")


class Site:
    """An application whose responses the test releases one by one."""

    def __init__(self):
        self.running, self.most, self.go_on = [], 0, asyncio.Event()

    async def __call__(self, scope, receive, send):
        await receive()
        await arrive(scope)
        self.running.append(scope["tenant"])
        self.most = max(self.most, len(self.running))
        await self.go_on.wait()
        self.running.remove(scope["tenant"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


def request(tenant, client="203.0.113.1", **headers):
    headers = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return {"type": "http", "client": (client, 50_000), "headers": headers, "tenant": tenant}


async def body():
    """Return the last part of a request."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def nothing(_):
    """Collect the sent messages."""


def play(settings, requests, *, share=2):
    """Send the requests in parallel. Return the running senders, and the middleware after all responses."""
    settings.POOL_SIZE = 2 * share

    async def run():
        site = Site()
        turns = TakeTurns(site)
        waiting = [asyncio.create_task(turns(scope, body, nothing)) for scope in requests]
        for _ in range(20):
            await asyncio.sleep(0)
        seen = list(site.running)
        site.go_on.set()
        await asyncio.gather(*waiting)
        return seen, turns

    return asyncio.run(run())


def test_tenants_have_separate_shares_of_the_slots(settings):
    flood = [request("acme") for _ in range(10)]
    seen, turns = play(settings, [*flood, request("globex")])
    assert seen == ["acme"] * 2 + ["globex"]
    assert turns.ahead == 0


def test_host_spelling_does_not_create_another_sender(settings):
    """Another spelling of the host, or another host of the tenant, including the public one, is the same sender."""
    hosts = (b"acme.localhost", b"ACME.localhost:80", b"acme.localhost.", b"acme.example", b"localhost")
    seen, _ = play(settings, [request("acme", host=host) for host in hosts])
    assert len(seen) == 2


def test_requests_without_a_tenant_are_counted_by_client_address(settings):
    unresolved = [request(None, "203.0.113.1", host=b"localhost") for _ in range(10)]
    seen, _ = play(settings, [*unresolved, request(None, "203.0.113.2"), request("acme", "203.0.113.1")])
    assert seen.count(None) == 3
    assert "acme" in seen


def test_requests_before_tenant_resolution_get_half_of_the_slots(settings):
    settings.POOL_SIZE = 4

    async def run():
        searching = []

        async def site(scope, receive, send):
            await scope["turn"].arrive()
            searching.append(scope["client"][0])
            await asyncio.sleep(60)

        turns = TakeTurns(site)
        clients = ["203.0.113.1"] * 5 + ["203.0.113.2"]
        requests = [asyncio.create_task(turns(request("any", client), body, nothing)) for client in clients]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        return searching

    assert sorted(asyncio.run(run())) == ["203.0.113.1"] * 2 + ["203.0.113.2"]


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [(False, b"203.0.113.9", "203.0.113.1"), (True, b"198.51.100.1, 203.0.113.9", "203.0.113.9")],
)
def test_client_address_is_the_peer_or_the_one_of_a_trusted_proxy(settings, trusted, forwarded, client):
    settings.TRUST_PROXY = trusted
    assert client_of(request("acme", x_forwarded_for=forwarded)) == client


@pytest.mark.parametrize("end", ["fails", "is cut off while it runs", "is cut off while it waits"])
def test_slot_is_released_after_every_outcome(settings, end):
    settings.POOL_SIZE = 2

    async def run():
        started = asyncio.Event()

        async def site(scope, receive, send):
            await receive()
            await arrive(scope)
            started.set()
            if end == "fails":
                raise RuntimeError
            await asyncio.sleep(60)

        turns = TakeTurns(site)
        requests = [asyncio.create_task(turns(request("acme"), body, nothing)) for _ in range(2)]
        await started.wait()
        for task in reversed(requests) if end.endswith("waits") else requests:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        sender = turns.senders["acme"]
        return turns.ahead, sender.requests, sender.share.locked()

    assert asyncio.run(run()) == (0, 0, False)


def test_streaming_response_holds_no_slot(settings):
    settings.POOL_SIZE = 2

    async def run():
        begun = []

        async def download(scope, receive, send):
            await receive()
            await arrive(scope)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.append(scope)
            await asyncio.sleep(60)

        turns = TakeTurns(download)
        requests = [asyncio.create_task(turns(request("acme"), body, nothing)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        return len(begun)

    assert asyncio.run(run()) == 3


def test_request_still_being_received_holds_no_slot(settings):
    settings.POOL_SIZE = 2

    async def run():
        async def upload():
            await asyncio.sleep(60)

        site = Site()
        turns = TakeTurns(site)
        slow = [asyncio.create_task(turns(request("acme"), upload, nothing)) for _ in range(2)]
        quick = asyncio.create_task(turns(request("acme"), body, nothing))
        for _ in range(20):
            await asyncio.sleep(0)
        seen = list(site.running)
        for task in (*slow, quick):
            task.cancel()
        await asyncio.gather(*slow, quick, return_exceptions=True)
        return seen

    assert asyncio.run(run()) == ["acme"]


class Clock(asyncio.SelectorEventLoop):
    """An event loop with a virtual clock: waiting advances the clock and takes no real time."""

    skipped = 0.0

    def time(self):
        return self.skipped

    def _run_once(self):
        waiting = [handle.when() for handle in self._scheduled if not handle.cancelled()]
        if not self._ready and waiting:
            self.skipped += max(0.0, min(waiting) - self.time())
        super()._run_once()

    async def shutdown_default_executor(self, timeout=None):
        """Wait for real threads without a timeout: with the virtual clock any timeout would expire immediately."""
        await super().shutdown_default_executor()


class Busy:
    """An application that takes 50 ms per response and records which senders ran in parallel."""

    def __init__(self):
        self.running, self.beside, self.answered = [], [], []

    async def __call__(self, scope, receive, send):
        await receive()
        await arrive(scope)
        self.beside.append((scope["tenant"], sorted(self.running)))
        self.running.append(scope["tenant"])
        await asyncio.sleep(0.05)
        self.running.remove(scope["tenant"])
        self.answered.append(scope["tenant"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


def traffic(settings, clients, *, seconds):
    """Let clients, (tenant, pause after a response), send for some time. Return the application."""
    settings.POOL_SIZE = 16

    async def run():
        site = Busy()
        turns = TakeTurns(site)
        until = asyncio.get_running_loop().time() + seconds

        async def client(tenant, pause):
            while asyncio.get_running_loop().time() < until:
                await turns(request(tenant), body, nothing)
                await asyncio.sleep(pause)

        await asyncio.gather(*(client(*each) for each in clients))
        return site, turns

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(run())


FLOOD = [("acme", 0)] * 8


def test_flood_of_requests_is_served_one_at_a_time(settings):
    site, _ = traffic(settings, FLOOD, seconds=10)
    at_once = [len(others) for _, others in site.beside]
    assert max(at_once[:8]) == 7  # the durations are not known yet
    assert max(at_once[len(at_once) // 2 :]) == 0
    assert len(site.answered) > 150  # of 200 that are possible one at a time


def test_flood_yields_to_other_senders_and_makes_progress(settings):
    site, _ = traffic(settings, [*FLOOD, ("globex", 0.0), ("initech", 0.01)], seconds=20)
    later = site.beside[len(site.beside) // 2 :]
    floods = sum(tenant == "acme" for tenant, _ in later)
    assert 0.05 < floods / len(later) < 0.2  # four a second, of forty
    assert floods > 20


def test_sequential_sender_never_waits(settings):
    site, turns = traffic(settings, [*FLOOD, ("globex", 0)], seconds=10)
    assert site.answered.count("globex") >= 10 / 0.05 - 5
    assert turns.senders["globex"].average < 1.1


def test_parallel_requests_of_a_browser_are_not_a_flood(settings):
    site, _ = traffic(settings, [("acme", 1.0)] * 6, seconds=10)
    assert max(len(others) for _, others in site.beside) == 5
    assert len(site.answered) == 60


def test_idle_senders_are_removed(settings):
    _, turns = traffic(settings, [*((f"tenant-{number}", 60) for number in range(100)), ("acme", 1)], seconds=30)
    assert list(turns.senders) == ["acme"]


def run_middleware(settings, tenant, *, gone=False):
    """Call the middleware in a thread, as Django does, for a client that may be gone. Return the slot's sender."""
    settings.POOL_SIZE = 2

    async def run():
        kept = {}

        async def site(scope, receive, send):
            asked = RequestFactory().get("/")
            asked.scope, asked.tenant = scope, tenant
            if gone:
                await receive()
            answer = await asyncio.to_thread(TurnMiddleware(lambda request: list(turns.senders)), asked)
            kept["answer"] = answer

        async def disconnect():
            return {"type": "http.disconnect"}

        turns = TakeTurns(site)
        await turns(request(None), disconnect if gone else body, nothing)
        return kept["answer"]

    return asyncio.run(run())


def test_middleware_waits_for_the_slot_of_the_resolved_tenant(settings):
    assert run_middleware(settings, SimpleNamespace(pk=7)) == ["7"]
    assert run_middleware(settings, None) == ["address 203.0.113.1"]


def test_request_of_a_disconnected_client_takes_no_slot_and_runs_no_view(settings):
    assert run_middleware(settings, SimpleNamespace(pk=7), gone=True).status_code == 204

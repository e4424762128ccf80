"""One account's many requests wait for each other, and nobody else waits for them."""

import asyncio

import pytest

from config.fairness import TakeTurns


class Site:
    """An application whose answers the test gives out one by one."""

    def __init__(self):
        self.running, self.most, self.go_on = [], 0, asyncio.Event()

    async def __call__(self, scope, receive, send):
        await receive()
        self.running.append(dict(scope["headers"]).get(b"host"))
        self.most = max(self.most, len(self.running))
        await self.go_on.wait()
        self.running.remove(dict(scope["headers"]).get(b"host"))
        await send({"type": "http.response.start", "status": 200, "headers": []})


def request(host, kind="http"):
    return {"type": kind, "headers": [(b"host", host)] if host else []}


async def body():
    """Give the last part of a request."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def nothing(_):
    """Take what is sent."""


def play(settings, requests, *, share=2):
    """Send the requests at once. Returns the hosts that are worked on then, and the middleware after all answers."""
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


def test_a_host_has_its_share_and_the_others_have_theirs(settings):
    flood = [request(b"acme.localhost:8000") for _ in range(10)]
    seen, turns = play(settings, [*flood, request(b"globex.localhost:8000")])
    assert seen == [b"acme.localhost:8000"] * 2 + [b"globex.localhost:8000"]
    assert turns.ahead == 0


def test_spelling_makes_no_other_host(settings):
    seen, _ = play(settings, [request(name) for name in (b"acme.localhost", b"ACME.localhost:80", b"acme.localhost.")])
    assert len(seen) == 2


@pytest.mark.parametrize("scope", [request(b"localhost:8000"), request(None), request(b"acme.localhost", "websocket")])
def test_what_belongs_to_nobody_and_sockets_are_not_counted(settings, scope):
    seen, _ = play(settings, [scope] * 5)
    assert len(seen) == 5


@pytest.mark.parametrize("end", ["fails", "is cut off while it runs", "is cut off while it waits"])
def test_a_turn_comes_back_whatever_happens(settings, end):
    settings.POOL_SIZE = 2

    async def run():
        started = asyncio.Event()

        async def site(scope, receive, send):
            await receive()
            started.set()
            if end == "fails":
                raise RuntimeError
            await asyncio.sleep(60)

        turns = TakeTurns(site)
        requests = [asyncio.create_task(turns(request(b"acme.localhost"), body, nothing)) for _ in range(2)]
        await started.wait()
        for task in reversed(requests) if end.endswith("waits") else requests:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        host = turns.hosts["acme.localhost"]
        return turns.ahead, host.requests, host.share.locked()

    assert asyncio.run(run()) == (0, 0, False)


def test_an_answer_that_has_begun_costs_no_turn(settings):
    settings.POOL_SIZE = 2

    async def run():
        begun = []

        async def download(scope, receive, send):
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.append(scope)
            await asyncio.sleep(60)

        turns = TakeTurns(download)
        requests = [asyncio.create_task(turns(request(b"acme.localhost"), body, nothing)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        return len(begun)

    assert asyncio.run(run()) == 3


def test_a_request_that_is_still_being_sent_costs_no_turn(settings):
    settings.POOL_SIZE = 2

    async def run():
        async def upload():
            await asyncio.sleep(60)

        site = Site()
        turns = TakeTurns(site)
        slow = [asyncio.create_task(turns(request(b"acme.localhost"), upload, nothing)) for _ in range(2)]
        quick = asyncio.create_task(turns(request(b"acme.localhost"), body, nothing))
        for _ in range(20):
            await asyncio.sleep(0)
        seen = list(site.running)
        for task in (*slow, quick):
            task.cancel()
        await asyncio.gather(*slow, quick, return_exceptions=True)
        return seen

    assert asyncio.run(run()) == [b"acme.localhost"]


class Clock(asyncio.SelectorEventLoop):
    """An event loop in which only waiting takes time, by its clock, and none by that of the machine."""

    skipped = 0.0

    def time(self):
        return self.skipped

    def _run_once(self):
        if not self._ready and self._scheduled:
            self.skipped += max(0.0, self._scheduled[0].when() - self.time())
        super()._run_once()


class Busy:
    """An application that takes a twentieth of a second for each answer, and knows whom it worked on beside whom."""

    def __init__(self):
        self.running, self.beside, self.answered = [], [], []

    async def __call__(self, scope, receive, send):
        await receive()
        host = dict(scope["headers"])[b"host"].decode()
        self.beside.append((host, sorted(self.running)))
        self.running.append(host)
        await asyncio.sleep(0.05)
        self.running.remove(host)
        self.answered.append(host)
        await send({"type": "http.response.start", "status": 200, "headers": []})


def traffic(settings, clients, *, seconds):
    """Let clients, of (host, how long each waits after an answer), send for some time. Returns the application."""
    settings.POOL_SIZE = 16

    async def run():
        site = Busy()
        turns = TakeTurns(site)
        until = asyncio.get_running_loop().time() + seconds

        async def client(host, pause):
            while asyncio.get_running_loop().time() < until:
                await turns(request(host.encode()), body, nothing)
                await asyncio.sleep(pause)

        await asyncio.gather(*(client(*each) for each in clients))
        return site, turns

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(run())


FLOOD = [("acme", 0)] * 8


def test_a_flood_is_worked_on_one_by_one(settings):
    site, _ = traffic(settings, FLOOD, seconds=10)
    at_once = [len(others) for _, others in site.beside]
    assert max(at_once[:8]) == 7  # nobody can know yet
    assert max(at_once[len(at_once) // 2 :]) == 0
    assert len(site.answered) > 150  # of 200 that one by one are possible


def test_a_flood_gives_way_and_still_gets_on(settings):
    site, _ = traffic(settings, [*FLOOD, ("globex", 0.0), ("initech", 0.01)], seconds=20)
    later = site.beside[len(site.beside) // 2 :]
    floods = sum(host == "acme" for host, _ in later)
    assert 0.05 < floods / len(later) < 0.2  # four a second, of forty
    assert floods > 20


def test_who_sends_one_after_the_other_never_waits(settings):
    site, turns = traffic(settings, [*FLOOD, ("globex", 0)], seconds=10)
    assert site.answered.count("globex") >= 10 / 0.05 - 5
    assert turns.hosts["globex"].average < 1.1


def test_a_browser_that_asks_for_much_at_once_is_no_flood(settings):
    site, _ = traffic(settings, [("acme", 1.0)] * 6, seconds=10)
    assert max(len(others) for _, others in site.beside) == 5
    assert len(site.answered) == 60


def test_hosts_that_are_quiet_are_forgotten(settings):
    _, turns = traffic(settings, [*((f"host-{number}", 60) for number in range(100)), ("acme", 1)], seconds=30)
    assert list(turns.hosts) == ["acme"]

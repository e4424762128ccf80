"""One account's many requests wait for each other, and nobody else waits for them."""

import asyncio

import pytest

from config.fairness import TakeTurns


class Site:
    """An application whose answers the test gives out one by one."""

    def __init__(self):
        self.running, self.most, self.go_on = [], 0, asyncio.Event()

    async def __call__(self, scope, receive, send):
        self.running.append(dict(scope["headers"]).get(b"host"))
        self.most = max(self.most, len(self.running))
        await self.go_on.wait()
        self.running.remove(dict(scope["headers"]).get(b"host"))
        await send({"type": "http.response.start", "status": 200, "headers": []})


def request(host, kind="http"):
    return {"type": kind, "headers": [(b"host", host)] if host else []}


async def nothing(*_):
    """Take what is sent."""


def play(settings, requests, *, share=2):
    """Send the requests at once. Returns the hosts that are worked on then, and the middleware after all answers."""
    settings.POOL_SIZE = 2 * share

    async def run():
        site = Site()
        turns = TakeTurns(site)
        waiting = [asyncio.create_task(turns(scope, nothing, nothing)) for scope in requests]
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
    assert turns.queues == {}


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
            started.set()
            if end == "fails":
                raise RuntimeError
            await asyncio.sleep(60)

        turns = TakeTurns(site)
        requests = [asyncio.create_task(turns(request(b"acme.localhost"), nothing, nothing)) for _ in range(2)]
        await started.wait()
        for task in reversed(requests) if end.endswith("waits") else requests:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        return turns.queues

    assert asyncio.run(run()) == {}


def test_an_answer_that_has_begun_costs_no_turn(settings):
    settings.POOL_SIZE = 2

    async def run():
        begun = []

        async def download(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.append(scope)
            await asyncio.sleep(60)

        turns = TakeTurns(download)
        requests = [asyncio.create_task(turns(request(b"acme.localhost"), nothing, nothing)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        return len(begun)

    assert asyncio.run(run()) == 3


def test_whoever_sends_too_many_is_heard_one_by_one(settings):
    settings.POOL_SIZE = 8

    async def run(status):
        running, at_once = 0, []

        async def answer(scope, receive, send):
            nonlocal running
            running += 1
            at_once.append(running)
            for _ in range(5):
                await asyncio.sleep(0)
            running -= 1
            await send({"type": "http.response.start", "status": status, "headers": []})

        turns = TakeTurns(answer)

        async def client():
            for _ in range(10):
                await turns(request(b"acme.localhost"), nothing, nothing)

        await asyncio.gather(*(client() for _ in range(4)))
        return max(at_once[:4]), max(at_once[8:])

    assert asyncio.run(run(200)) == (4, 4)
    assert asyncio.run(run(429)) == (4, 1)

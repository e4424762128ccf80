"""How many sockets an account has open: the count also ends with a handshake that fails or is cancelled."""

import asyncio
from contextlib import suppress

import pytest

from accounts.live.visitors import OpenSockets
from accounts.plans import LIMITS
from tenancy.cache import TenantRedisCache
from tenancy.context import tenant_context
from tenancy.sockets import Closed, TenantSockets
from tests.accounts.live.test_fair_threads import Gate, handshake, until

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_sockets():
    return OpenSockets()


@pytest.fixture
def gates(acme, monkeypatch, open_sockets):
    """Return the middleware around a count, and gates: before and after the admission, and in the consumer."""
    gates = {"before": Gate(), "after": Gate(), "consumer": Gate()}

    def admit(request, token):
        gates["before"]("thread")
        open_sockets.enter()
        gates["after"]("thread")

    async def application(scope, receive, send):
        await asyncio.to_thread(gates["consumer"], "application")

    monkeypatch.setattr("tenancy.sockets._resolve", lambda request: acme)
    gates["sockets"] = TenantSockets(application, "/ws/", "commonhold.v1", admit, dismiss=open_sockets.leave)
    return gates


@pytest.mark.parametrize("step", ["before", "after", "consumer"])
def test_cancelled_socket_is_not_counted(acme, open_sockets, gates, step):
    async def scene():
        for name in {"before": (), "after": ("before",), "consumer": ("before", "after")}[step]:
            gates[name].open()
        socket = handshake(gates["sockets"], "acme.localhost", "192.0.2.1")
        try:
            await until(lambda: gates[step].begun)
            socket.cancel()
            with suppress(asyncio.CancelledError):
                await socket
        finally:
            for name in ("before", "after", "consumer"):
                gates[name].open()
        await until(lambda: gates["after"].begun)  # the thread goes on
        await until(lambda: open_sockets._here[acme] == 0)
        assert bool(gates["consumer"].begun) == (step == "consumer")

    asyncio.run(scene())


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_refused_handshake_dismisses_no_visitor(acme, open_sockets, gates, is_cancelled):
    """Or a client without credentials would make room for more sockets than the plan includes."""
    left = []

    def refuse(request, token):
        gates["before"]("thread")
        raise Closed(4401, "not_authenticated")

    async def scene():
        sockets = TenantSockets(None, "/ws/", "commonhold.v1", refuse, dismiss=left.append)
        socket = handshake(sockets, "acme.localhost", "192.0.2.1")
        try:
            await until(lambda: gates["before"].begun)
            if is_cancelled:
                socket.cancel()
                await asyncio.sleep(0)  # the cancellation reaches the handshake
            (admission,) = asyncio.all_tasks() - {socket, asyncio.current_task()}
        finally:
            gates["before"].open()
        await asyncio.wait([socket, admission])

    asyncio.run(scene())
    assert left == []


@pytest.mark.parametrize("error", [Closed, RuntimeError])
def test_socket_that_was_not_admitted_is_not_counted(acme, open_sockets, monkeypatch, error):
    def tally(*args):
        if error is RuntimeError:
            raise RuntimeError
        return LIMITS[acme.plan].sockets + 1

    monkeypatch.setattr(TenantRedisCache, "tally", tally)
    with tenant_context(acme), pytest.raises(error):
        open_sockets.enter()
    assert open_sockets._here[acme] == 0

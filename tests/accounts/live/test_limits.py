"""How many sockets, subscriptions and frames."""

import asyncio
import json
import time
from contextlib import suppress
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import caches
from websockets.exceptions import ConnectionClosed

from accounts.models import Account
from accounts.plans import LIMITS
from tenancy.context import tenant_context
from tests.accounts.live.many import Many
from tests.sample.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


def test_too_many_subscriptions_of_a_socket_are_refused(office, note):
    with tenant_context(office.tenant):
        more = Note.objects.bulk_create(Note(text=str(number)) for number in range(100))
    with office.with_token() as live:
        for each in more:
            live.subscribe(each)
        answer = live.ask(type="subscribe", note=note.pk)
        assert (answer["code"], answer["note"]) == ("too_many_subscriptions", str(note.pk))
        live.subscribe(more[0], since=0)  # one that it follows is none more
        live.send(type="unsubscribe", note=more[0].pk)
        live.subscribe(note)


def test_too_many_frames_close_their_socket_only(office):
    with office.with_token() as live, office.with_token() as bystander:
        for _ in range(200):
            assert live.ask(type="ping") == {"type": "pong"}
        with suppress(ConnectionClosed):
            for _ in range(500):
                live.connection.send('{"type": "ping"}')
        assert live.closed() == (4429, "too_many_frames")
        assert bystander.ask(type="ping") == {"type": "pong"}


def test_too_many_sockets_of_an_account_are_closed(office, other_office):
    Account.objects.filter(pk__in=[office.tenant.pk, other_office.tenant.pk]).update(plan="free")
    limit, protocols = LIMITS["free"].sockets, ["commonhold.v1", f"bearer.{office.token()}"]

    async def open_too_many():
        async with Many(office.uri, protocols) as many:
            sockets = [await many.connect() for _ in range(limit)]
            answers = [await (await many.connect()).closed() for _ in range(2)]
            await sockets[0].close()
            return answers, await ping(await many.connect())

    with other_office.with_token() as bystander:
        answers, after = asyncio.run(open_too_many())
        assert answers == [(4429, "too_many_sockets")] * 2
        assert after == '{"type":"pong"}'
        assert bystander.ask(type="ping") == {"type": "pong"}


async def ping(socket):
    await socket.send(json.dumps({"type": "ping"}))
    return await socket.recv()


def test_all_processes_count_together_and_a_dead_one_no_more(office, other_office, monkeypatch):
    cache, name = caches["default"], f"sockets-{uuid4()}"
    with tenant_context(office.tenant):
        assert cache.tally(name, "one", 3, 60) == 3
        assert cache.tally(name, "two", 4, 60) == 7
        assert cache.tally(name, "one", 1, 60) == 5
        with monkeypatch.context() as earlier:
            earlier.setattr("tenancy.cache.time", SimpleNamespace(time=lambda: time.time() - 61))
            assert cache.tally(name, "dead", 10, 60) == 15
        assert cache.tally(name, "two", 0, 60) == 1
    with tenant_context(other_office.tenant):
        assert cache.tally(name, "one", 1, 60) == 1

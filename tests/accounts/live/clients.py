"""Clients for the WebSocket of a live web process, and an account for each test to try them in."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.testing import TenantClient, foreign_canaries, join, make_user, membership_of
from tenancy.tokens import issue
from tests.waiting import PATIENCE

PROTOCOL = "commonhold.v1"
ANSWER_SECONDS = PATIENCE
ABSENT = object()


@dataclass
class Office:
    """An account under a name of its own, which a web process may remember for longer than a test takes.

    `owner`, `member` and `viewer` are people in it.
    """

    tenant: AbstractTenant
    people: dict[str, Any]
    port: int

    @property
    def host(self) -> str:
        return f"{self.tenant.slug}.{settings.BASE_DOMAIN}:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    @property
    def uri(self) -> str:
        return f"ws://{self.host}/ws/"

    def membership(self, role: str = "owner") -> Any:
        return membership_of(self.people[role], self.tenant)

    def token(self, role: str = "member") -> str:
        person = self.people[role]
        return issue(user_id=person.pk, tenant=self.tenant, stamp=person.password_stamp)[0]

    def cookie(self, role: str = "member") -> str:
        client = TenantClient(self.tenant).as_(self.people[role])
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def act(self, action: Any, role: str = "owner", **arguments: Any) -> Any:
        """Call an action in the name of one of the people, in this account."""
        with tenant_context(self.tenant):
            return action(actor=self.membership(role), **arguments)

    @contextmanager
    def with_token(self, role: str = "member", **options: Any) -> Iterator["Socket"]:
        with self.open([PROTOCOL, f"bearer.{self.token(role)}"], **options) as live:
            yield live

    @contextmanager
    def with_cookie(self, role: str = "member", *, origin: Any = ABSENT, **options: Any) -> Iterator["Socket"]:
        origin = self.origin if origin is ABSENT else origin
        with self.open([PROTOCOL], origin=origin, headers={"Cookie": self.cookie(role)}, **options) as live:
            yield live

    @contextmanager
    def open(
        self, protocols: list[str], *, origin: str | None = None, headers: Any = None, uri: str = "", **options: Any
    ) -> Iterator["Socket"]:
        # Without pings: one that reads slowly would have to answer them in time.
        options = {"subprotocols": protocols or None, "origin": origin, "ping_interval": None, **options}
        options["additional_headers"] = headers
        # Python's resolver does not know *.localhost.
        through = socket.create_connection(("127.0.0.1", self.port))
        with connect(uri or self.uri, sock=through, open_timeout=ANSWER_SECONDS, **options) as connection:
            yield Socket(connection, self.tenant)


@dataclass
class Socket:
    """A socket whose frames may have no foreign canary in them."""

    connection: ClientConnection
    tenant: AbstractTenant

    def send(self, **frame: Any) -> None:
        self.connection.send(json.dumps(frame, default=str))

    def receive(self, timeout: float = ANSWER_SECONDS) -> Any:
        text = self.connection.recv(timeout)
        assert not foreign_canaries(text, self.tenant)
        return json.loads(text)

    def ask(self, **frame: Any) -> Any:
        """Send a frame and return the next one that comes."""
        self.send(**frame)
        return self.receive()

    def subscribe(self, row: Any, **fields: Any) -> int:
        """Follow a row of a topic, such as a note, and return the number of its last event."""
        topic = row._meta.model_name
        answer = self.ask(type="subscribe", **{topic: row.pk}, **fields)
        assert answer == {"type": "subscribed", topic: str(row.pk), "seq": answer.get("seq")}
        return int(answer["seq"])

    def refused(self, **frame: Any) -> tuple[int, str]:
        """Send a frame and wait for the end as `closed()` does; fail if anything is answered before it."""
        with suppress(ConnectionClosed):
            self.send(**frame)
        with pytest.raises(ConnectionClosed) as raised:
            self.connection.recv(ANSWER_SECONDS)
        assert raised.value.rcvd is not None, "The connection was cut without a word."
        return raised.value.rcvd.code, raised.value.rcvd.reason

    def closed(self, timeout: float = ANSWER_SECONDS) -> tuple[int, str]:
        """Wait for the end and return its code and reason. Frames before it are passed over."""
        with pytest.raises(ConnectionClosed) as raised:
            while True:
                self.connection.recv(timeout)
        closed = raised.value.rcvd
        assert closed is not None, "The connection was cut without a word."
        return closed.code, closed.reason


def make_office(port: int) -> Office:
    tenant = get_tenant_model()._default_manager.create(slug=f"live-{uuid4().hex[:12]}", name="Live")
    people = {}
    for role in ("owner", "admin", "member", "viewer"):
        people[role] = make_user(f"{role}-{uuid4().hex[:8]}")
        join(people[role], tenant, role)
    return Office(tenant, people, port)


def port_of(url: str) -> int:
    return int(urlsplit(url).port or 80)

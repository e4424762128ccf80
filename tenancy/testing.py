"""pytest fixtures: users, and clients that act as them. Load with `pytest_plugins = ["tenancy.testing"]`.

`acme` and `globex` are accounts; `alice` owns acme, `bob` is a member of acme, `vera` may only view acme, `mallory`
owns globex, `charlie` belongs to both. Most permission tests use two of them and one URL.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.signals import request_finished
from django.db import close_old_connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http.response import HttpResponseBase
from django.test import Client, override_settings

from tenancy.context import NOTHING, get_scope, tenant_context
from tenancy.models import AbstractTenant, get_membership_model, get_tenant_model
from tenancy.sessions import bind_session

PASSWORD = "correct horse battery"
STREAMED: list[HttpResponseBase] = []  # streamed responses of the current test
CONNECTED: WeakSet[BaseDatabaseWrapper] = WeakSet()  # connections of all threads


@pytest.fixture(scope="session", autouse=True)
def _row_security_holds(request: pytest.FixtureRequest) -> None:
    """Refuse to test with a role that bypasses row-level security: all isolation tests would pass."""
    from tenancy.checks import refuse_unsafe_role

    if any(item.get_closest_marker("django_db") for item in request.session.items):
        request.getfixturevalue("django_db_setup")
        blocker = request.getfixturevalue("django_db_blocker")
        with blocker.unblock():
            refuse_unsafe_role()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Use a fast hash: a secure one takes half a second on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _transactions_write_one_plane() -> Iterator[None]:
    """Refuse transactions that would have to be two if the content was stored in another database."""
    with override_settings(TENANCY={**settings.TENANCY, "GUARD_TRANSACTIONS": True}):
        yield


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    """Give each test an empty cache, and require that it leaves no tenant active.

    A new key prefix makes it empty: a flush would also delete the keys of parallel tests.
    """
    fresh = {**settings.CACHES["default"], "KEY_PREFIX": f"test-{uuid4().hex}"}
    with override_settings(CACHES={"default": fresh}):
        yield
    assert get_scope() == NOTHING, "The test left a tenant active."


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """Close streamed responses that the test has not read completely, as a server does."""
    yield
    request_finished.disconnect(close_old_connections)  # as Django's client does: the test still needs its connection
    try:
        while STREAMED:
            STREAMED.pop().close()
    finally:
        request_finished.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _threads_leave_no_connections() -> Iterator[None]:
    """Close the connections of other threads. PostgreSQL cannot delete a test database that is in use."""
    connection_created.connect(_remember_connection)
    yield
    connection_created.disconnect(_remember_connection)
    for each in list(CONNECTED):
        if each._thread_ident != threading.get_ident():  # type: ignore[attr-defined]  # the stubs lack it
            each.inc_thread_sharing()
            each.close()
            each.dec_thread_sharing()


def _remember_connection(connection: BaseDatabaseWrapper, **_options: Any) -> None:
    CONNECTED.add(connection)


CANARY = re.compile(r"CANARY-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-[0-9a-f-]+")


def canary(tenant: AbstractTenant, *, room: int = 80) -> str:
    """Return text for data of a tenant that must not appear elsewhere, of at most `room` characters (at least 50)."""
    return f"CANARY-{tenant.pk}-{uuid4()}"[:room]


def foreign_canaries(content: str | bytes, tenant: AbstractTenant | None) -> list[str]:
    """Return the canaries in `content` of other tenants than `tenant`; with None, all of them."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    own = str(tenant.pk) if tenant else None
    return [found[0] for found in CANARY.finditer(text) if found[1] != own]


class TenantClient(Client):
    """Django's test client on the host of a tenant. It fails if a response contains a canary of another tenant.

    `client.at(globex)` uses another host. `client.as_(bob)` logs bob in, by default to his first account. Both return
    a new client.
    """

    def __init__(self, tenant: AbstractTenant | None = None, **defaults: Any) -> None:
        host = f"{tenant.slug}.{settings.BASE_DOMAIN}" if tenant else settings.BASE_DOMAIN
        super().__init__(**{"HTTP_HOST": host, **defaults})
        self.tenant = tenant

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if response.streaming:
            STREAMED.append(response)
        elif self.tenant:
            found = foreign_canaries(f"{response.headers}".encode() + response.content, self.tenant)
            assert not found, f"{request.get('PATH_INFO')} of {self.tenant.slug} shows {', '.join(found)}."
        return response

    def at(self, tenant: AbstractTenant | None) -> "TenantClient":
        return TenantClient(tenant)

    def as_(self, user: Any, *, at: AbstractTenant | None = None) -> "TenantClient":
        """Return a client with a session of `user` at a tenant: `at`, this client's, or the user's first."""
        tenant = at or self.tenant or first_tenant_of(user)
        client = TenantClient(tenant)
        client.log_in(user)
        return client

    def log_in(self, user: Any) -> None:
        """Create a session as the login page does.

        In one statement: force_login() needs seven, which took a tenth of the time of all tests.
        """
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        with tenant_context(self.tenant) if self.tenant else nullcontext():
            bind_session(session)
        session.create()
        self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

    def with_token(self, user: Any) -> "TenantClient":
        """Return a client that sends an access token of `user` for this client's tenant, or the user's first."""
        from tenancy.tokens import issue

        tenant = self.tenant or first_tenant_of(user)
        access, _ = issue(user_id=user.pk, tenant=tenant)
        return TenantClient(tenant, HTTP_AUTHORIZATION=f"Bearer {access}")

    def json(self, method: str, path: str, data: Any = None) -> Any:
        """Send `data` as JSON with any method."""
        return self.generic(method, path, _dump(data), content_type="application/json")


def _dump(data: Any) -> str:
    import json

    return "" if data is None else json.dumps(data, default=str)


def first_tenant_of(user: Any) -> AbstractTenant:
    """Return the account of a user of these fixtures; acme for charlie."""
    slug = {"mallory": "globex"}.get(user.email.split("@")[0], "acme")
    return get_tenant_model()._default_manager.get(slug=slug)


@pytest.fixture
def client() -> TenantClient:
    """An anonymous client on the public host: `client.at(acme)`, `client.as_(bob)`."""
    return TenantClient()


def make_user(name: str) -> Any:
    return get_user_model()._default_manager.create_user(
        email=f"{name}@example.com", password=PASSWORD, name=name.title(), confirmed=True
    )


def join(user: Any, tenant: AbstractTenant, role: str) -> Any:
    """Make `user` a member of `tenant` and return the membership."""
    with tenant_context(tenant):
        return get_membership_model().objects.create(user=user, role=role)


def membership_of(user: Any, tenant: AbstractTenant) -> Any:
    """Return the membership of a user in a tenant."""
    with tenant_context(tenant):
        return get_membership_model().objects.select_related("user").get(user=user)


@pytest.fixture
def acme(db: None) -> AbstractTenant:
    return get_tenant_model()._default_manager.create(slug="acme", name="Acme")


@pytest.fixture
def globex(db: None) -> AbstractTenant:
    return get_tenant_model()._default_manager.create(slug="globex", name="Globex")


def _member(name: str, **roles: str) -> Any:
    @pytest.fixture(name=name)
    def person(request: pytest.FixtureRequest, db: None) -> Any:
        user = make_user(name)
        for slug, role in roles.items():
            join(user, request.getfixturevalue(slug), role)
        return user

    return person


alice = _member("alice", acme="owner")
bob = _member("bob", acme="member")
vera = _member("vera", acme="viewer")
mallory = _member("mallory", globex="owner")
charlie = _member("charlie", acme="member", globex="member")

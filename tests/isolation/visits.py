"""Clients of every host, for tests of all routes: the hosts, the paths of their routes, and their users."""

import time
from contextlib import contextmanager, suppress

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tests.frontend.mailbox.test_mailbox import mailbox  # noqa: F401  # a fixture
from tests.isolation.test_html_routes import IDS

# {name: its urlconf}
HOSTS = {
    "tenant": "config.urls.tenant",
    "roadmap": "config.urls.roadmap",
    "public": "config.urls.public",
    "mails": "tests.frontend.mailbox.with_mails",
    "closing": "config.urls.closing",
}


@pytest.fixture
def visit(client, acme, alice, mailbox, settings):  # noqa: F811
    """Return a client of a host, as alice or anonymous, that returns 500 responses instead of raising."""
    settings.ACCOUNT_RATE_LIMITS = False  # 429 is a response, but these tests do not test limits

    def visit(host, who):
        change = {"roadmap": {"variant": "roadmap"}}.get(host, {})
        if host == "closing":
            change = dict.fromkeys(("suspended_at", "deleting_since"), timezone.now())
        type(acme).objects.filter(pk=acme.pk).update(**change)
        settings.ROOT_URLCONF = HOSTS["mails" if host == "mails" else "public"]
        visitor = client.at(None if host in ("public", "mails") else acme)
        if who == "alice":
            log_in(visitor, alice)
        visitor.raise_request_exception = False
        return visitor

    return visit


def log_in(client, user):
    """Log in with a password that was just typed: some pages ask for it again."""
    client.log_in(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()


class _Undone(Exception):
    """Rolls back."""


@contextmanager
def undone():
    """Roll back what the block has written, so that the next request finds the same."""
    attempt = transaction.atomic()
    attempt._from_testcase = True  # so that actions with a durable transaction of their own run within it
    with suppress(_Undone), attempt:
        yield
        raise _Undone


def path_of(route, world):
    """Return a path of the route with the objects of `world`. Raises LookupError, which says how to add a value."""
    known = {"uidb36": "1", "picture": world.membership.avatar, "member": world.membership.pk}
    kwargs = {
        name: known[name] if name in known else _value(route, name, kind, world) for name, kind in route.arguments
    }
    return reverse(route.name, urlconf=route.urlconf, kwargs=kwargs)


def _value(route, name, kind, world):
    found = {"ProjectKeyConverter": "WEB", "TaskKeyConverter": "WEB-1", "StringConverter": "token-of-acme"}
    if kind in found:
        return found[kind]
    if name == "pk" and route.api_view is not None:
        return _row(route, world, route.api_view.queryset.model._meta.model_name)
    if kind == "UUIDConverter":
        if route.name not in IDS and not route.name.startswith("mail"):
            raise LookupError(f"{route}: add {route.name!r} to IDS in tests/isolation/test_html_routes.py.")
        return _row(route, world, IDS.get(route.name, "task"))
    if kind == "text":
        return "abc"
    message = f"{route}: no value is known for <{name}>. Add one of {kind} to _value() in tests/isolation/visits.py."
    raise LookupError(message)


def _row(route, world, name):
    if not hasattr(world, name):
        raise LookupError(f"{route}: add a row {name!r} to World and populate() in tests/isolation/conftest.py.")
    return getattr(world, name).pk

"""Clients of every host, for tests of all routes: the hosts, the paths of their routes, and their users."""

import time

import pytest
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
            visitor.log_in(alice)
            session = visitor.session  # some pages require reauthentication
            session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
            session.save()
        visitor.raise_request_exception = False
        return visitor

    return visit


def path_of(route, world):
    """Return a path of the route with the objects of `world`."""
    found = {"ProjectKeyConverter": "WEB", "TaskKeyConverter": "WEB-1", "StringConverter": "token-of-acme"}
    found |= {"PictureConverter": world.membership.avatar, "text": "abc"}
    found["UUIDConverter"] = getattr(world, IDS.get(route.name, "task")).pk
    known = {"uidb36": "1", "picture": world.membership.avatar}
    kwargs = {name: found[kind] for name, kind in route.arguments}
    kwargs |= {name: known[name] for name in kwargs.keys() & known.keys()}
    return reverse(route.name, urlconf=route.urlconf, kwargs=kwargs)

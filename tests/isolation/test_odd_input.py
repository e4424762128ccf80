"""Every route of every host answers malformed input with a client error, never with a server error."""

import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from accounts.files.names import avatar_file, logo_file
from accounts.models import User
from tenancy.context import tenant_context
from tenancy.storage import storage
from tests.isolation.odd_input import CALLS, FIELDS, KEYS, PAGES
from tests.isolation.routes import routes
from tests.isolation.test_gates import OPEN, OPEN_IN_PUBLIC
from tests.isolation.visits import HOSTS, path_of, undone

pytestmark = pytest.mark.django_db

KEY = re.compile(r"WEB-1|WEB|token-of-acme|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|(?<=key/)1-abc|(?<=email/)abc")
NAMES = re.compile(r"<(?:input|select|textarea|button)\b[^>]*?\sname=\"([^\"]+)\"")


@pytest.fixture
def pictures(acme, ours):
    with tenant_context(acme):
        for name in (logo_file(ours.membership.avatar), avatar_file(ours.membership.avatar)):
            storage.save(name, ContentFile(b"a picture"))


def answer_to(odd, client, path):
    """Return the response to a request, whose effects are rolled back."""
    with undone():
        answer = odd.send(client, path)
        if answer.streaming:
            b"".join(answer.streaming_content)
    return answer


def failures(client, tries):
    """Yield the failures of `(route, path, odd request)`."""
    for route, path, odd in tries:
        answer = answer_to(odd, client, path)
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            yield f"{odd.method} {path[:60]} ({odd.why}): {answer.status_code} {error and error[1]!r}"[:300]
        elif odd.method == "BREW" and answer.status_code not in (302, 401, 403, 404, 405):
            yield f"{odd.method} {route}: {answer.status_code}"


def pages(host):
    """Return the routes of a host, without those of another host."""
    beside = {"roadmap": {"tenant"}, "mails": {"public"}}.get(host, set())
    known = {(route.pattern, route.name) for each in beside for route in routes(HOSTS[each])}
    found = [route for route in routes(HOSTS[host]) if not route.pattern.startswith("api/")]
    return [route for route in found if (route.pattern, route.name) not in known and route.name]


@pytest.mark.parametrize(
    ("host", "who"),
    [
        *(("tenant", "alice"), ("tenant", "anonymous"), ("public", "alice"), ("public", "anonymous")),
        *(("roadmap", "alice"), ("roadmap", "anonymous"), ("mails", "anonymous"), ("closing", "alice")),
    ],
)
def test_no_page_fails_on_odd_input(visit, ours, pictures, host, who):
    client, tries = visit(host, who), []
    open_ = OPEN | (OPEN_IN_PUBLIC if host == "public" else {})
    for route in pages(host):
        if who == "anonymous" and route.pattern not in open_ and host != "mails":
            continue  # is redirected before the view reads anything: test_gates.py
        path = path_of(route, ours)
        tries += [(route, path, odd) for odd in PAGES]
        tries += [(route, KEY.sub(key, path, count=1), PAGES[0]) for key in KEYS if route.arguments]
    assert tries
    assert list(failures(client, tries)) == []


@pytest.mark.parametrize(("host", "calls"), [("tenant", CALLS), ("public", CALLS[::4])])
def test_no_api_endpoint_fails_on_odd_input(visit, ours, pictures, host, calls):
    client = visit(host, "alice")
    found = [route for route in routes(HOSTS[host]) if route.api_view is not None]
    pk = {name: str(getattr(ours, name).pk) for name in ("task", "project", "label", "comment", "status", "subtask")}
    tries = []
    for route in found:
        kind = route.name.removeprefix("api:").split("-")[0]
        path = "/" + re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", pk.get(kind, str(uuid4())), route.pattern)
        tries += [(route, path.replace("$", "").replace("\\", ""), odd) for odd in calls]
    assert len(tries) > 100
    assert list(failures(client, tries)) == []


def test_all_form_fields_are_tried(visit, ours, pictures):
    client, shown = visit("tenant", "alice"), set()
    for route in pages("tenant"):
        answer = client.get(path_of(route, ours))
        shown |= set() if answer.streaming else set(NAMES.findall(answer.content.decode()))
    assert len(shown) > 20
    assert shown - {"csrfmiddlewaretoken", "file", "picture"} <= set(FIELDS)


@pytest.mark.parametrize("variant", ["standard", "roadmap"])
def test_pages_behind_a_login_are_not_publicly_cacheable(acme, ours, pictures, visit, variant):
    client = visit("tenant", "alice")
    type(acme).objects.filter(pk=acme.pk).update(variant=variant)
    for route in routes(settings.TENANCY["VARIANTS"][variant]["URLCONF"]):
        if route.api_view is None and not route.pattern.startswith("api/"):
            answer = client.get(path_of(route, ours))
            kept = answer.headers.get("Cache-Control", "")
            assert "private" in kept or "no-store" in kept, str(route)
            assert "public" not in kept, str(route)


def test_api_answers_are_private_and_revalidated(client, acme, alice, ours):
    for caller in (client.as_(alice), client.at(acme).with_token(alice)):
        for path in ("me/", "tasks/", "tasks/WEB-1/", "account/", "audit/"):
            answer = caller.get(f"/api/v1/{path}")
            assert answer["Cache-Control"] == "private, no-cache", path


def test_pages_for_anonymous_clients_have_no_cache_header(client, acme):
    assert User.objects.count() == 0
    assert "Cache-Control" not in client.at(acme).get("/nothing/").headers

"""Rate limits count by values of the server: no host, port, header, method or token of the client resets one."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts import plans
from accounts.models import Account
from accounts.rest import throttling
from tenancy.testing import PASSWORD, TenantClient
from tests.accounts.authentication import LOG_IN, NEW, SIGN_UP, TOKEN, Post

pytestmark = pytest.mark.django_db

# Headers and hosts with which a client could pretend to be another. Each request is sent from one address.
DISGUISES = {
    "nothing": lambda number: {},
    "X-Forwarded-For": lambda number: {"X-Forwarded-For": f"198.51.100.{number}"},
    "X-Real-IP": lambda number: {"X-Real-IP": f"198.51.100.{number}"},
    "Forwarded": lambda number: {"Forwarded": f"for=198.51.100.{number}"},
    "X-Client-IP": lambda number: {"X-Client-IP": f"198.51.100.{number}", "CF-Connecting-IP": f"198.51.100.{number}"},
    "User-Agent": lambda number: {"User-Agent": str(number)},
    "port": lambda number: {"Host": f"acme.localhost:{8000 + number}"},
}
# The forms in which proxies write the address of one client, with TRUST_PROXY.
WRITTEN = {
    "the client's port": lambda number: f"203.0.113.1:{1000 + number}",
    "what the client has written before": lambda number: f"198.51.100.{number}, 203.0.113.1",
    "mapped into IPv6": lambda number: "[::ffff:203.0.113.1]:7" if number % 2 else "203.0.113.1",
    "addresses of one network": lambda number: f"[2001:db8:0:1::{number + 1}]:7",
    "zones": lambda number: f"fe80::1%{number}",
}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A stopped clock that tests can set."""
    clock = {"now": time.time()}
    monkeypatch.setattr("time.time", lambda: clock["now"])
    monkeypatch.setattr(throttling, "time", lambda: clock["now"])
    return clock


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    return Post(django_capture_on_commit_callbacks)


def guess(place, number, **more):
    """Try a password of one of many users."""
    body = json.dumps({"email": f"person-{number}@example.com", "password": "wrong"})
    return place.post(TOKEN, body, content_type="application/json", **more).status_code


@pytest.mark.parametrize("disguise", DISGUISES)
def test_client_cannot_forge_the_address_of_another(client, acme, disguise):
    codes = [guess(client.at(acme), number, headers=DISGUISES[disguise](number)) for number in range(11)]
    assert codes == [401] * 10 + [429]


@pytest.mark.parametrize("written", WRITTEN)
def test_client_behind_a_proxy_cannot_forge_the_address_of_another(client, acme, settings, written):
    settings.TRUST_PROXY = True
    codes = [
        guess(client.at(acme), number, headers={"X-Forwarded-For": WRITTEN[written](number)}) for number in range(11)
    ]
    assert codes == [401] * 10 + [429]
    assert guess(client.at(acme), 12, headers={"X-Forwarded-For": "203.0.113.77:9"}) == 401


@pytest.mark.parametrize("written", ["unknown", "203.0.113.256:51", "_gw", ""])
def test_a_proxy_that_names_no_address_does_not_lock_out_the_clients_of_others(client, acme, settings, written):
    settings.TRUST_PROXY = True
    headers = {"X-Forwarded-For": written}
    codes = [guess(client.at(acme), number, headers=headers, REMOTE_ADDR="10.0.0.7") for number in range(11)]
    assert codes == [401] * 10 + [429]
    assert guess(client.at(acme), 12, headers=headers, REMOTE_ADDR="10.0.0.8") == 401


def test_pages_and_api_of_all_hosts_count_guesses_together(client, acme, globex, charlie):
    for host in (acme, globex, None):
        client.at(host).post(LOG_IN, {"login": "charlie@example.com", "password": "wrong"})
    for host in (acme, globex):
        client.at(host).json("POST", TOKEN, {"email": "Charlie@example.com", "password": "wrong"})
    body = {"email": "charlie@example.com", "password": PASSWORD}
    assert client.at(acme).json("POST", TOKEN, body).status_code == 429
    assert client.at(globex).post(LOG_IN, {"login": body["email"], "password": PASSWORD}).status_code == 200


def test_every_credential_of_a_member_counts_for_the_same_limit(client, acme, bob, monkeypatch):
    business = replace(plans.LIMITS["business"], requests_per_user=8)
    monkeypatch.setitem(plans.LIMITS, "business", business)
    made = client.as_(bob).json("POST", "/api/v1/tokens/", {"name": "x"}).json()["token"]
    ways = [
        client.as_(bob),
        client.at(acme).with_token(bob),
        # On the public host the token names the account.
        TenantClient(HTTP_AUTHORIZATION=client.with_token(bob).defaults["HTTP_AUTHORIZATION"]),
        TenantClient(acme, HTTP_AUTHORIZATION=f"Bearer {made}"),
    ]
    codes = [ways[number % 4].get("/api/v1/me/").status_code for number in range(8)]
    assert codes == [200] * 7 + [429]  # with the request that issued the token
    assert ways[0].json("POST", "/api/v1/labels/", {"name": "x"}).status_code == 429


# Sign-up -------------------------------------------------------------------------------------------------------------


def sign_up(number, email=None, place=None, **more):
    fields = {"email": email or f"person-{number}@example.com", "slug": f"name-{number}"}
    return (place or TenantClient()).post(SIGN_UP, {**NEW, **fields}, **more).status_code


def test_sign_ups_cannot_flood_a_mailbox(post):
    """For known and unknown addresses, for each disguise, and with `+tags`, which lead to one mailbox."""
    codes = []
    for number in range(8):
        email = ["victim@example.com", "Victim+x@example.com", f"victim+{number}@example.com"][number % 3]
        codes.append(post(sign_up, number, email, REMOTE_ADDR=f"203.0.113.{number}"))
    assert codes == [302] * 3 + [429] * 5
    assert Account.objects.count() == 3


@pytest.mark.parametrize("disguise", [name for name in DISGUISES if name != "port"])
def test_client_can_reserve_few_slugs(disguise, clock):
    codes = []
    for number in range(21):
        clock["now"] += 10  # below the limit of attempts per minute
        codes.append(sign_up(number, headers=DISGUISES[disguise](number)))
    assert codes == [302] * 20 + [429]


def test_sign_ups_refused_by_validation_are_not_counted(acme):
    for _ in range(6):
        assert TenantClient().post(SIGN_UP, {**NEW, "slug": "acme"}).status_code == 200
    assert sign_up(1, NEW["email"]) == 302


def test_sign_up_is_refused_without_the_cache(settings, acme):
    gone = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=gone):
        assert sign_up(1, place=TenantClient(raise_request_exception=False)) == 503
    assert list(Account.objects.all()) == [acme]


def test_slug_is_reserved_for_an_hour_and_then_available(bob):
    for number, email in enumerate(("nina@example.com", "bob@example.com")):  # of a new user, and of a known user
        slug = f"name-{number}"
        assert sign_up(number, email) == 302
        assert sign_up(number, f"other-{number}@example.com") == 200
        Account.objects.filter(slug=slug).update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
        before = Account.objects.get(slug=slug)
        assert sign_up(number, f"other-{number}@example.com") == 302
        assert Account.objects.get(slug=slug) != before
        before.refresh_from_db()  # a user who confirms later finds it there
        assert before.slug.startswith(f"{slug}-")


def test_slug_of_a_confirmed_account_stays_reserved(client, post, acme, alice):
    post(client.post, SIGN_UP, {**NEW, "slug": "name-1"})
    assert client.post(post.link()[1]).status_code == 302
    Account.objects.update(created_at=timezone.now() - timedelta(days=100))
    assert sign_up(1, "other@example.com") == 200
    assert TenantClient().post(SIGN_UP, {**NEW, "email": "other@example.com", "slug": "acme"}).status_code == 200

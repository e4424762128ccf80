"""An attacker with write access to Redis alone cannot forge the user or the account of a request."""

import json
from itertools import permutations

import pytest
from django.core.cache import cache

from accounts.actions.login_handoff import create_ticket, redeem_ticket
from accounts.tokens import hash_of
from tenancy import routing, signed_cache
from tenancy.context import tenant_context
from tenancy.routing import _values
from tenancy.signed_cache import SignedCacheClient
from tests.accounts.authentication import give_app
from tests.isolation.test_poisoned_redis import keys, kinds, use_everything

pytestmark = pytest.mark.django_db
# Unsigned keys: counters of rate limits, which Redis increments.
COUNTS = ("api-requests:", "open-sockets")


@pytest.fixture
def _values_last_for_the_whole_test(monkeypatch):
    """Some values expire after a few seconds, which is shorter than the test on a slow machine."""
    for name in ("set", "add"):
        method = getattr(SignedCacheClient, name)

        def longer(self, key, value, timeout, method=method):
            return method(self, key, value, timeout and max(timeout, 3600))

        monkeypatch.setattr(SignedCacheClient, name, longer)


@pytest.fixture
def values(_values_last_for_the_whole_test, client, acme, alice, bob, charlie):
    """Let every feature write to the cache, and return {key: value in Redis}, without the counters."""
    give_app(client.as_(bob), bob)
    use_everything(client, acme, alice, bob, charlie)
    redis, found = keys()
    signed = [key.decode() for key in found if not any(each.startswith(COUNTS) for each in kinds([key.decode()]))]
    return {key: redis.get(key) for key in signed}


@pytest.fixture(autouse=True)
def _every_read_asks_redis(monkeypatch):
    """Not what the process has read before."""
    monkeypatch.setattr(routing.in_process, "seconds", 0)


@pytest.fixture
def later(monkeypatch):
    """Advance the clock of the cache by some seconds."""

    def later(seconds):
        now = signed_cache.time.time()
        monkeypatch.setattr(signed_cache, "time", type("Clock", (), {"time": staticmethod(lambda: now + seconds)}))

    return later


def put(key, value):
    keys()[0].set(key, value, ex=60)


def key_of(key):
    return cache.make_key(key)


def account_of(client, acme, alice):
    """Return the account that a member finds at the host of acme."""
    return client.at(acme).with_token(alice).get("/api/v1/account/").json().get("slug")


def test_every_value_is_signed_for_its_key(values):
    """Each new kind of value must be signed or on the list of counters."""
    assert len(values) >= 6
    for key, value in values.items():
        assert cache._cache.get(key, "a miss") != "a miss", key
        text, signature = value.rsplit(b":", 1)
        for forged in (text, text + b":", text + b":" + signature.swapcase(), b"W251bGwsMV0:" + signature, b"1"):
            put(key, forged)
            assert cache._cache.get(key, "a miss") == "a miss", key


def test_signed_value_is_invalid_at_another_key(values):
    for (key, _), (_, other) in permutations(values.items(), 2):
        put(key, other)
        assert cache._cache.get(key, "a miss") == "a miss", key


@pytest.mark.parametrize("kind", ["slug", "host", "id", "primary"])
@pytest.mark.parametrize("way", ["written", "moved"])
def test_account_of_a_host_is_not_that_of_a_forged_value(client, acme, globex, alice, mallory, kind, way):
    """This holds for values that the attacker has written and for values of the attacker's own account."""
    name = {
        "slug": lambda account: account.slug,
        "host": lambda account: f"{account.slug}.example.com",
        "id": lambda account: str(account.pk),
        "primary": lambda account: str(account.pk),
    }[kind]
    target, own = (key_of(f"tenant:{kind}:{name(account)}") for account in (acme, globex))
    value = "globex.localhost" if kind == "primary" else _values(globex)
    if way == "moved":
        cache.set(f"tenant:{kind}:{name(globex)}", value)
        put(target, keys()[0].get(own))
    else:
        put(target, json.dumps(value))
    assert account_of(client, acme, alice) == "acme"
    with tenant_context(acme):
        assert client.at(acme).get("/auth/enter/")["Location"].startswith("http://localhost")


@pytest.mark.parametrize("way", ["written", "moved", "again"])
def test_forged_handoff_logs_no_user_in(client, acme, alice, bob, later, way):
    stolen, nonce = "a token that the attacker chose", "n" * 20
    ticket = create_ticket(user=bob, account=acme, challenge=hash_of(nonce))
    own, redis = key_of(f"login:hand-over:{hash_of(ticket)}"), keys()[0]
    content, key = redis.get(own), key_of(f"login:hand-over:{hash_of(stolen)}")
    match way:
        case "written":
            stamp = {"account": str(acme.pk), "challenge": hash_of(nonce), "stamp": alice.log_in_stamp}
            put(key, json.dumps({"user": str(alice.pk), **stamp}))
        case "moved":
            put(key, content)
        case "again":
            later(31)
            stolen, key = ticket, own
            put(key, content)
    with tenant_context(acme):
        assert redeem_ticket(text=stolen, nonce=nonce) is None


def test_value_that_is_put_back_does_not_count_after_its_time(client, acme, alice, later):
    """Otherwise the suspension of an account could be reverted."""
    assert account_of(client, acme, alice) == "acme"
    redis, found = keys()
    before = {key: redis.get(key) for key in found if b":tenant:" in key}
    assert before
    type(acme).objects.filter(pk=acme.pk).update(suspended_at="2026-01-01T00:00Z")
    later(routing.CACHE_SECONDS + 1)
    for key, value in before.items():
        put(key, value)
    assert client.at(acme).get("/").status_code == 403


def test_former_secret_keys_still_read_the_cache(settings):
    cache.set("key", "value")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [settings.SECRET_KEY]
    assert cache.get("key") == "value"
    settings.SECRET_KEY_FALLBACKS = []
    assert cache.get("key") is None


def test_cache_refuses_incr_decr_and_touch():
    cache.set("key", 1)
    for change in (lambda: cache.incr("key"), lambda: cache.decr("key"), lambda: cache.touch("key")):
        with pytest.raises(NotImplementedError):
            change()

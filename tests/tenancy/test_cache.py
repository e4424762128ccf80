"""Tenants are isolated in the cache, and the site works without the cache."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.cache import cache, caches
from django.template import Context, Template

from tenancy.cache import COUNT, CacheUnavailable, clear_tenant, make_key
from tenancy.context import tenant_context
from tests.round_trips import redis_round_trips

pytestmark = pytest.mark.django_db


def test_the_same_key_in_two_tenants_is_two_values(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert cache.get("key") is None
            cache.set("key", tenant.slug)
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert cache.get("key") == tenant.slug
    assert cache.get("key") is None


def test_a_cached_page_belongs_to_one_tenant(client, acme, globex, site):
    for tenant in (acme, globex, acme):
        assert client.at(tenant).get("/cached-page/").content.decode() == tenant.name


def test_a_cached_fragment_belongs_to_one_tenant(acme, globex):
    template = Template("{% load cache %}{% cache 60 fragment %}{{ name }}{% endcache %}")
    for tenant in (acme, globex, acme):
        with tenant_context(tenant):
            assert template.render(Context({"name": tenant.name})) == tenant.name


def test_cache_of_one_tenant_can_be_cleared(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            cache.set_many({f"key-{number}": number for number in range(20)})
    cache.set("key-0", "public")
    clear_tenant(acme)
    with tenant_context(acme):
        assert cache.get_many([f"key-{number}" for number in range(20)]) == {}
    with tenant_context(globex):
        assert len(cache.get_many([f"key-{number}" for number in range(20)])) == 20
    assert cache.get("key-0") == "public"


def test_log_in_limits_are_counted_across_tenants(acme, globex):
    with tenant_context(acme):
        cache.set("allauth:rl:someone", 1)
    with tenant_context(globex):
        assert cache.get("allauth:rl:someone") == 1
    assert make_key("allauth:rl:someone", "", 1) == ":public:1:allauth:rl:someone"


def test_a_tenant_cannot_write_into_the_public_space_by_its_choice_of_key(acme, globex):
    with tenant_context(acme):
        cache.set("public:1:key", "acme")
        cache.set(f"tenant:{globex.pk}:1:key", "acme")
    assert cache.get("key") is None
    with tenant_context(globex):
        assert cache.get("key") is None


def test_numbers_are_counted_for_each_tenant_and_forgotten_in_time(acme, globex):
    def count(tenant):
        with tenant_context(tenant):
            return caches["default"].count({"requests": 10}, 60)

    assert [count(acme), count(acme), count(globex), count(acme)] == [[1], [2], [1], [3]]
    with tenant_context(acme):
        assert 0 < cache._cache.get_client(None).ttl(cache.make_key("requests")) <= 60


def test_numbers_after_one_that_exceeds_its_limit_are_not_incremented():
    limits = {"first": 2, "second": 10}
    assert [caches["default"].count(limits, 60) for _ in range(3)] == [[1, 1], [2, 2], [3]]
    assert caches["default"].count({"second": 10}, 60) == [3]


def test_numbers_are_counted_in_one_round_trip():
    caches["default"].count({"first": 2, "second": 2}, 60)
    with redis_round_trips() as sent:
        caches["default"].count({"first": 2, "second": 2}, 60)
    assert len(sent) == 1


def test_numbers_are_counted_by_a_redis_that_does_not_know_the_script(monkeypatch):
    """As after a restart. A flush would affect the Redis of other tests."""
    monkeypatch.setattr("tenancy.cache.COUNT", f"{COUNT}-- {uuid4()}")
    assert caches["default"].count({"first": 2}, 60) == [1]


def test_threads_share_one_client_of_redis():
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(lambda: caches["default"]._cache.get_client(None)).result()
    assert caches["default"]._cache.get_client("key", write=True) is theirs


@pytest.fixture
def without_redis(settings):
    """A cache whose Redis does not answer: no process listens on port 1."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    yield
    del caches["default"]


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_cache_is_empty_and_the_site_works(acme, client, site):
    assert client.at(acme).get("/echo/").json()["tenant"] == "acme"
    with tenant_context(acme):
        cache.set("key", 1)
        assert cache.get("key", "default") == "default"
        assert cache.get_many(["key"]) == {}
        assert cache.get_or_set("key", lambda: 2) == 2
        assert "key" not in cache
        assert cache.delete("key") is False
        cache.delete_many(["key"])
        assert caches["default"].count({"key": 1}, 60) is None


@pytest.mark.usefixtures("without_redis")
def test_without_redis_log_in_limits_refuse():
    with pytest.raises(CacheUnavailable):
        cache.get("allauth:rl:someone")
    with pytest.raises(CacheUnavailable):
        cache.add("allauth:rl:someone:lock", 1)


def test_clearing_it_drops_nothing_that_others_have_in_the_same_redis(acme):
    client = cache._cache.get_client(None, write=True)
    client.set("of-another-user", "1", ex=60)
    with tenant_context(acme):
        cache.set("greeting", "hello")
    cache.clear()
    with tenant_context(acme):
        assert cache.get("greeting") is None
    assert client.getdel("of-another-user") == b"1"

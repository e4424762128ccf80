"""The caches of tenants by host: in the process for two seconds, and in Redis."""

from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone

from tenancy import process_cache, routing
from tenancy.context import no_tenant
from tenancy.process_cache import ProcessCache
from tenancy.routing import CACHE_SECONDS, PROCESS_SECONDS, forget_tenant, tenant_by_slug
from tests.round_trips import redis_round_trips

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture
def clock(monkeypatch):
    """The clock of the cache of the process, which stands still until it is moved."""

    class Clock:
        now = 1000.0

        def move(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(process_cache, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def get(client, host):
    return client.get("/echo/", HTTP_HOST=host)


def test_a_warm_look_up_costs_no_query(client, acme, django_assert_num_queries):
    get(client, "acme.localhost")
    with django_assert_num_queries(0):
        assert get(client, "acme.localhost").json()["tenant"] == "acme"


def test_change_of_a_tenant_applies_immediately(client, acme, django_capture_on_commit_callbacks):
    get(client, "acme.localhost")
    with django_capture_on_commit_callbacks(execute=True):
        acme.slug = "acme-2"
        acme.save()
        forget_tenant(acme, slugs=("acme",))
    assert get(client, "acme.localhost").status_code == 404
    assert get(client, "acme-2.localhost").json()["tenant"] == "acme-2"


def test_process_reads_the_caches_once_for_two_seconds(client, acme, clock):
    assert get(client, "acme.localhost").status_code == 200
    with redis_round_trips() as sent:
        for seconds in (0.0, 1.9):
            clock.move(seconds)
            assert get(client, "acme.localhost").json()["tenant"] == "acme"
    assert sent == []
    clock.move(0.2)
    with redis_round_trips() as sent:
        get(client, "acme.localhost")
    assert len(sent) == 1


def test_change_in_another_process_shows_after_two_seconds(client, acme, clock):
    assert get(client, "acme.localhost").status_code == 200
    acme.suspended_at = timezone.now()
    acme.save()
    with no_tenant():
        cache.delete_many([f"tenant:slug:{acme.slug}", f"tenant:id:{acme.pk}"])  # as `forget_tenant()` does there
    clock.move(PROCESS_SECONDS)
    assert get(client, "acme.localhost").status_code == 403


def test_caches_together_are_at_most_ten_seconds_old():
    assert CACHE_SECONDS + PROCESS_SECONDS <= 10  # as imported: other tests have them last longer


def test_each_request_gets_a_tenant_of_its_own(acme):
    first, second = tenant_by_slug("acme"), tenant_by_slug("acme")
    first.name = "changed"
    assert (second.name, tenant_by_slug("acme").name) == ("Acme", "Acme")


def test_process_keeps_the_latest_values_only(clock):
    kept = ProcessCache(seconds=2, size=3)
    for number in range(5):
        kept.set(f"key-{number}", number)
    kept.set("key-3", "new")
    assert [kept.get(f"key-{number}") for number in range(5)] == [None, None, 2, "new", 4]
    clock.move(2)
    assert kept.get("key-4") is None


def test_process_drops_values_that_have_expired(clock):
    kept = ProcessCache(seconds=2, size=100)
    kept.set("first", 1)
    clock.move(1)
    kept.set("second", 2)
    clock.move(1)
    kept.set("third", 3)
    assert list(kept._values) == ["second", "third"]


def test_unknown_hosts_cannot_fill_the_cache(client, acme):
    for number in range(5):
        get(client, f"absent-{number}.localhost")
    assert not [key for key in routing.in_process._values if "absent" in key]
    assert not list(cache._cache.get_client(None).scan_iter(match=f"{cache.key_prefix}*absent*"))

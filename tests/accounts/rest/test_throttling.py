"""Rate limits of a member and of an account."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.cache import caches

from accounts import plans
from accounts.rest import throttling
from tenancy.testing import membership_of

URL = "/api/v1/projects/"
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A stopped clock, 40 seconds before the next minute, that tests can set."""
    clock = {"now": 60_000_020.7}
    monkeypatch.setattr(throttling, "time", lambda: clock["now"])
    return clock


@pytest.fixture
def limit(monkeypatch):
    """Set the limits of the plan that all accounts have."""

    def limit(user=1_000, account=1_000):
        business = replace(plans.LIMITS["business"], requests_per_user=user, requests_per_account=account)
        monkeypatch.setitem(plans.LIMITS, "business", business)

    return limit


def said(response):
    return tuple(int(response[name]) for name in HEADERS)


def statuses(place, number, url=URL):
    return [place.get(url).status_code for _ in range(number)]


def test_every_response_has_the_remaining_requests(client, alice, bob, vera, project, limit):
    limit(user=10)
    session = client.as_(bob)
    assert said(session.get(URL)) == (10, 9, 40)
    assert said(session.get(f"{URL}{uuid4()}/")) == (10, 8, 40)
    assert said(session.json("POST", URL, {"nonsense": 1})) == (10, 7, 40)
    assert said(session.json("PUT", URL)) == (10, 6, 40)
    assert said(session.options(URL)) == (10, 5, 40)
    assert said(session.delete(f"{URL}{project.pk}/")) == (10, 4, 40)  # refused, and counted


def test_excess_request_is_refused_until_the_minute_is_over(client, bob, limit, clock):
    limit(user=3)
    session = client.as_(bob)
    assert statuses(session, 3) == [200] * 3
    refused = session.get(URL)
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (429, "throttled", "40")
    assert said(refused) == (3, 0, 40)
    assert session.json("POST", URL, {"name": "x"}).status_code == 429
    clock["now"] += 39
    assert (session.get(URL)["Retry-After"], session.get(URL).status_code) == ("1", 429)
    clock["now"] += 1
    assert said(session.get(URL)) == (3, 2, 60)
    assert session.get(URL).json()["results"] == []


def test_session_and_token_of_one_user_share_a_limit(client, acme, bob, limit):
    limit(user=2)
    places = [client.as_(bob), client.at(acme).with_token(bob)]
    assert [place.get(URL).status_code for place in [*places, *places]] == [200, 200, 429, 429]


def test_requests_of_one_member_do_not_count_for_another(client, alice, bob, limit):
    limit(user=2)
    assert statuses(client.as_(bob), 3) == [200, 200, 429]
    assert statuses(client.as_(alice), 2) == [200, 200]


def test_requests_in_another_account_are_counted_separately(client, acme, globex, charlie, limit):
    limit(user=2)
    assert statuses(client.as_(charlie, at=acme), 3) == [200, 200, 429]
    assert statuses(client.as_(charlie, at=globex), 3) == [200, 200, 429]


def test_requests_of_all_members_share_the_account_limit(client, alice, bob, mallory, limit):
    limit(account=3)
    answers = [client.as_(person).get(URL) for person in (alice, bob, bob, alice, bob)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert said(answers[1]) == (3, 1, 40)
    assert client.as_(mallory).get(URL).status_code == 200


def test_requests_refused_for_a_user_do_not_count_for_the_account(client, alice, bob, limit):
    limit(user=2, account=4)
    assert statuses(client.as_(bob), 9) == [200, 200] + [429] * 7
    assert statuses(client.as_(alice), 3) == [200, 200, 429]


def test_headers_show_the_limit_with_fewer_requests_left(client, bob, limit):
    limit(user=5, account=4)
    assert said(client.as_(bob).get(URL))[:2] == (4, 3)
    limit(user=5, account=50)
    assert said(client.as_(bob).get(URL))[:2] == (5, 3)


@pytest.mark.parametrize(("plan", "number"), [("free", 600), ("team", 1_200), ("business", 6_000)])
def test_plan_sets_the_request_limit(client, acme, bob, plan, number):
    type(acme).objects.filter(pk=acme.pk).update(plan=plan)
    assert client.as_(bob).get(URL)["RateLimit-Limit"] == str(number)


def test_anonymous_requests_are_not_counted(client, acme, bob, limit):
    limit(user=1)
    for place in (client, client.at(acme)):
        for _ in "123":
            response = place.get(URL)
            assert (response.status_code, "RateLimit-Limit" in response) == (401, False)


def test_pages_are_not_counted(client, bob, limit):
    limit(user=1)
    session = client.as_(bob)
    assert statuses(session, 3, "/") == [200] * 3
    assert session.get(URL).status_code == 200


def test_limits_can_be_disabled(client, bob, limit, settings):
    settings.API_RATE_LIMITS = False
    limit(user=1)
    assert statuses(client.as_(bob), 3) == [200] * 3
    assert "RateLimit-Limit" not in client.as_(bob).get(URL)


def test_requests_are_allowed_without_redis(client, acme, bob, limit, settings):
    limit(user=1)
    token = client.at(acme).with_token(bob)  # a session would be created before
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    try:
        responses = [token.get(URL) for _ in "123"]
    finally:
        del caches["default"]
    assert {response.status_code for response in responses} == {200}
    assert "RateLimit-Limit" not in responses[0]


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_are_all_counted(acme, client, bob, limit, at_once):
    limit(user=5)
    found = []
    assert at_once(*[lambda: found.append(client.at(acme).with_token(bob).get(URL).status_code)] * 8) == []
    assert sorted(found) == [200] * 5 + [429] * 3


def test_counters_belong_to_the_tenant_and_expire_after_a_minute(client, acme, bob):
    client.as_(bob).get(URL)
    redis = caches["default"]._cache.get_client(None)
    member, minute = membership_of(bob, acme), 60_000_020 // 60
    prefix = f"{caches['default'].key_prefix}:tenant:{acme.pk}:1:api-requests"
    for key in (f"{prefix}:user:{member.pk}:{minute}", f"{prefix}:account:{minute}"):
        assert 0 < redis.ttl(key) <= 60, key

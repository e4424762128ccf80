"""POST /api/v1/auth/token/"""

import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from accounts.models import Account
from tenancy.testing import PASSWORD, join, make_user
from tenancy.tokens import read_access, read_refresh
from tests.accounts.forged_tokens import forge

URL = "/api/v1/auth/token/"


def ask(client, email="bob@example.com", password=PASSWORD, **fields):
    return client.json("POST", URL, {"email": email, "password": password, **fields})


def test_a_member_gets_tokens_on_the_host_of_the_account(client, acme, bob):
    response = ask(client.at(acme))
    assert response.status_code == 200
    assert response.json()["account"] == {"id": str(acme.pk), "slug": "acme"}
    assert set(response.json()) == {"access", "refresh", "account"}


def test_the_access_token_opens_the_api(client, acme, bob):
    access = ask(client.at(acme)).json()["access"]
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": f"Bearer {access}"})
    assert response.status_code == 200


def test_tokens_contain_account_user_and_audience(client, acme, bob):
    tokens = ask(client.at(acme)).json()
    for token in (read_access(tokens["access"]), read_refresh(tokens["refresh"])):
        assert token["tenant"] == str(acme.pk)
        assert token["sub"] == str(bob.pk)
        assert token["aud"] == "commonhold"


def test_access_lasts_ten_minutes_and_refresh_fourteen_days(client, acme, bob):
    tokens = ask(client.at(acme)).json()
    access, refresh = read_access(tokens["access"]), read_refresh(tokens["refresh"])
    assert access["exp"] - access["iat"] == 10 * 60
    assert refresh["exp"] - refresh["iat"] == 14 * 24 * 60 * 60


def test_response_has_no_store(client, acme, bob):
    assert ask(client.at(acme))["Cache-Control"] == "no-store"


def test_upper_and_lower_case_of_the_address_are_the_same(client, acme, bob):
    assert ask(client.at(acme), email="Bob@Example.COM").status_code == 200


def test_password_is_not_stripped(client, acme, bob):
    assert ask(client.at(acme), password=f" {PASSWORD}").status_code == 401


# The public host ---------------------------------------------------------------------------------------------------


def test_the_public_host_needs_the_account(client, acme, bob):
    response = ask(client)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"account"}


def test_public_host_issues_tokens_for_the_named_account(client, acme, globex, charlie):
    for account in (acme, globex):
        response = ask(client, email="charlie@example.com", account=account.slug)
        assert response.json()["account"]["slug"] == account.slug
        assert read_access(response.json()["access"]).tenant_id == account.pk


def test_token_works_on_the_public_host(client, acme, bob):
    access = ask(client, account="acme").json()["access"]
    assert client.get("/api/v1/projects/", headers={"Authorization": f"Bearer {access}"}).status_code == 200


def test_members_learn_that_the_account_is_suspended(client, acme, bob):
    Account.objects.filter(pk=acme.pk).update(suspended_at="2026-01-01T00:00Z")
    response = ask(client, account="acme")
    assert (response.status_code, response.json()["code"]) == (403, "account_suspended")


def test_non_members_do_not_learn_that_an_account_is_suspended(client, acme, mallory):
    Account.objects.filter(pk=acme.pk).update(suspended_at="2026-01-01T00:00Z")
    assert ask(client, email="mallory@example.com", account="acme").json()["code"] == "invalid_credentials"


# Refusals ----------------------------------------------------------------------------------------------------------


def test_every_wrong_credential_gets_the_same_response(client, acme, bob, mallory):
    make_user("outsider")
    answers = {
        (response.status_code, response.content, response["WWW-Authenticate"])
        for response in (
            ask(client, account="acme", password="wrong"),
            ask(client, account="acme", email="unknown@example.com"),
            ask(client, account="acme", email="mallory@example.com"),  # belongs to another account
            ask(client, account="acme", email="outsider@example.com"),  # belongs to none
            ask(client, account="no-such-account"),
            ask(client.at(acme), password="wrong"),
            ask(client.at(acme), email="mallory@example.com"),
        )
    }
    assert len(answers) == 1
    ((status, content, authenticate),) = answers
    assert (status, authenticate) == (401, "Bearer")
    assert b'"invalid_credentials"' in content


def test_former_member_gets_the_response_of_a_non_member(client, acme, bob, end_membership):
    end_membership(bob, acme)
    assert ask(client.at(acme)).json()["code"] == "invalid_credentials"


def test_inactive_user_gets_the_answer_of_an_unknown_user(client, acme, bob):
    bob.is_active = False
    bob.save()
    assert ask(client.at(acme)).json()["code"] == "invalid_credentials"


@pytest.mark.parametrize(
    "fields",
    [{"account": "acme", "email": "unknown@example.com"}, {"account": "unknown"}, {"account": "acme"}],
    ids=["unknown person", "unknown account", "wrong password"],
)
def test_the_same_work_is_done_for_every_refusal(client, acme, bob, monkeypatch, fields):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))
    assert ask(client, password="wrong", **fields).status_code == 401
    assert len(hashed) == 1


def test_unknown_account_does_not_reveal_whether_the_password_is_correct(client, acme, bob):
    # Only failures count towards the limit, so a correct password without the limit would be detectable.
    for _ in range(5):
        assert ask(client, account="unknown").status_code == 401
    assert ask(client, account="unknown").status_code == 429


def test_another_account_than_the_hosts_is_refused(client, acme, globex, charlie):
    response = ask(client.at(acme), email="charlie@example.com", account="globex")
    assert (response.status_code, response.json()["code"]) == (403, "tenant_mismatch")


def test_absent_account_is_refused_like_another_account_on_an_account_host(client, acme, globex, charlie):
    existing = ask(client.at(acme), email="charlie@example.com", account="globex")
    absent = ask(client.at(acme), email="charlie@example.com", account="unknown")
    assert existing.content == absent.content


def test_account_of_the_host_can_be_named(client, acme, bob):
    assert ask(client.at(acme), account="acme").status_code == 200


def test_a_bearer_token_of_another_account_is_refused(client, acme, globex, mallory, bob):
    token = client.at(globex).with_token(mallory).defaults["HTTP_AUTHORIZATION"]
    response = client.at(acme).post(
        URL,
        {"email": "bob@example.com", "password": PASSWORD},
        content_type="application/json",
        headers={"Authorization": token},
    )
    assert response.json()["code"] == "tenant_mismatch"


# Attempts ----------------------------------------------------------------------------------------------------------


def test_sixth_attempt_after_wrong_passwords_is_refused(client, acme, bob):
    for _ in range(5):
        assert ask(client.at(acme), password="wrong").status_code == 401
    response = ask(client.at(acme))
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 290 < int(response["Retry-After"]) <= 301


def test_retry_after_names_the_expiry_of_the_first_attempt(client, acme, bob, monkeypatch):
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    for _ in range(5):
        ask(client.at(acme), password="wrong")
        now += 20
    assert int(ask(client.at(acme))["Retry-After"]) == 300 - 5 * 20
    now += 300 - 5 * 20
    assert ask(client.at(acme)).status_code == 200


def test_client_address_that_tries_many_users_is_limited(client, acme, bob):
    for number in range(10):
        assert ask(client.at(acme), email=f"person-{number}@example.com").status_code == 401
    assert 50 < int(ask(client.at(acme))["Retry-After"]) <= 61


def test_attempts_count_across_all_hosts(client, acme, globex, charlie):
    for place in (client.at(acme), client.at(globex), client.at(acme), client.at(globex)):
        assert ask(place, email="charlie@example.com", password="wrong").status_code == 401
    assert ask(client, email="charlie@example.com", password="wrong", account="acme").status_code == 401
    assert ask(client.at(globex), email="charlie@example.com").status_code == 429


def test_attempts_count_for_an_email_in_any_case(client, acme, bob):
    for email in ("bob@example.com", "BOB@example.com", "Bob@example.com", "bOb@example.com", "boB@example.com"):
        assert ask(client.at(acme), email=email, password="wrong").status_code == 401
    assert ask(client.at(acme)).status_code == 429


def test_correct_passwords_do_not_count_towards_the_limit(client, acme, bob):
    for _ in range(12):
        assert ask(client.at(acme)).status_code == 200


def test_login_is_refused_without_the_cache(client, acme, bob, monkeypatch):
    from redis.client import Redis
    from redis.exceptions import ConnectionError as Gone

    def refuse(*args, **options):
        raise Gone("no redis here")

    monkeypatch.setattr(Redis, "execute_command", refuse)
    response = ask(client.at(acme))
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response["Retry-After"]


# Bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["email", "password"])
def test_a_missing_field_is_named(client, acme, bob, missing):
    fields = {"email": "bob@example.com", "password": PASSWORD}
    del fields[missing]
    response = client.at(acme).json("POST", URL, fields)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {missing}


def test_an_unknown_field_is_named(client, acme, bob):
    assert set(ask(client.at(acme), tenant=str(acme.pk)).json()["errors"]) == {"tenant"}


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "nul\x00", "x" * 5000], ids=repr)
@pytest.mark.parametrize("field", ["email", "password", "account", "otp"])
def test_a_field_of_the_wrong_kind_is_named(client, acme, bob, field, value):
    response = ask(client, **{"account": "acme", field: value})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_token_endpoint_allows_post_only(client, acme, method):
    assert client.at(acme).json(method, URL).status_code == 405


def test_token_endpoint_needs_no_csrf_token(acme, bob):
    from tenancy.testing import TenantClient

    client = TenantClient(acme)
    client.handler.enforce_csrf_checks = True
    assert ask(client).status_code == 200


def test_account_is_read_from_the_header_if_header_routing_is_enabled(client, acme, bob, header_resolver):
    response = client.post(
        URL,
        {"email": "bob@example.com", "password": PASSWORD},
        content_type="application/json",
        headers={"X-Tenant": "acme"},
    )
    assert response.json()["account"]["slug"] == "acme"


def test_header_is_ignored_if_header_routing_is_disabled(client, acme, bob):
    response = client.post(
        URL,
        {"email": "bob@example.com", "password": PASSWORD},
        content_type="application/json",
        headers={"X-Tenant": "acme"},
    )
    assert set(response.json()["errors"]) == {"account"}


def test_new_membership_is_valid_immediately(client, acme, globex, mallory):
    assert ask(client.at(acme), email="mallory@example.com").status_code == 401
    join(mallory, acme, "viewer")
    assert ask(client.at(acme), email="mallory@example.com").status_code == 200


def test_response_to_a_non_member_does_not_depend_on_the_account(client, acme, globex, mallory):
    unknown = ask(client, email="mallory@example.com", account=f"x{uuid4().hex}")
    foreign = ask(client, email="mallory@example.com", account="acme")
    assert unknown.content == foreign.content
    assert dict(unknown.headers) == dict(foreign.headers)


@pytest.mark.parametrize("name", ["a b", "\x7f", "../x", "Ünï", "-", "x" * 63])
def test_invalid_account_name_is_answered_like_an_unknown_account(client, bob, name):
    body = {"email": bob.email, "password": PASSWORD, "account": name}
    response = client.json("POST", "/api/v1/auth/token/", body)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")


# Clocks that differ --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": -9}, 200),
        ({"exp": -10}, 401),
        ({"iat": 10}, 200),
        ({"iat": 11}, 401),
        ({"nbf": 10}, 200),
        ({"nbf": 11}, 401),
    ],
)
def test_clocks_of_servers_may_differ_by_ten_seconds(client, acme, bob, log_in, monkeypatch, claims, status):
    """The clocks of the issuing and the verifying server."""
    now = datetime(2033, 5, 18, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):  # noqa: ARG003  # of the class that it replaces
            return now

    access = log_in(bob, acme)["access"]
    life = {"iat": -60, "exp": 540}
    times = {name: int(now.timestamp()) + seconds for name, seconds in {**life, **claims}.items()}
    monkeypatch.setattr("jwt.api_jwt.datetime", Clock)
    monkeypatch.setattr("rest_framework_simplejwt.tokens.aware_utcnow", lambda: now)
    headers = {"Authorization": f"Bearer {forge(access, **times)}"}
    assert client.at(acme).get("/api/v1/me/", headers=headers).status_code == status

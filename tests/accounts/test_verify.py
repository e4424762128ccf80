"""POST /api/v1/auth/token/verify/. Tokens that all endpoints refuse: test_refused_tokens.py"""

import pytest

from accounts.models import RefreshFamily
from tenancy.context import tenant_context
from tests.accounts.forged_tokens import forge

URL = "/api/v1/auth/token/verify/"
KINDS = ["access", "refresh", "personal"]


def verify(client, token):
    return client.json("POST", URL, {"token": token})


def said(response):
    return response.status_code, response.json().get("code")


@pytest.fixture
def token(acme, bob, log_in, personal, kind):
    return personal(bob, acme)["token"] if kind == "personal" else log_in(bob, acme)[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_valid_token_of_each_type_is_verified(client, acme, token, kind):
    for place in (client, client.at(acme)):
        response = verify(place, token)
        assert (response.status_code, response.json()) == (200, {})
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", KINDS)
def test_token_of_another_account_is_invalid(client, globex, token, kind):
    assert said(verify(client.at(globex), token)) == (403, "tenant_mismatch")


@pytest.mark.parametrize("kind", KINDS)
def test_token_of_a_removed_member_is_invalid(client, acme, bob, token, kind, end_membership):
    end_membership(bob, acme)
    for place in (client, client.at(acme)):
        assert said(verify(place, token)) == (403, "not_a_member")


@pytest.mark.parametrize("kind", KINDS)
def test_token_of_an_inactive_user_is_invalid(client, acme, bob, token, kind):
    bob.is_active = False
    bob.save()
    assert said(verify(client.at(acme), token)) == (401, "invalid_token")


@pytest.mark.parametrize("kind", KINDS)
def test_token_of_a_suspended_account_is_invalid(client, acme, token, kind, suspend):
    suspend(acme)
    assert said(verify(client, token)) == (403, "account_suspended")


def test_access_token_with_a_changed_claim_or_signature_is_invalid(client, acme, bob, log_in):
    access = log_in(bob, acme)["access"]
    for change in ({"aud": "x"}, {"exp": 1_700_000_000}, {"tenant": None}, {"sub": None}, {"key": "k" * 32}):
        for place in (client, client.at(acme)):
            assert said(verify(place, forge(access, **change))) == (401, "invalid_token"), change


def test_used_refresh_token_is_invalid_and_verification_revokes_nothing(client, acme, bob, log_in):
    old = log_in(bob, acme)["refresh"]
    new = client.at(acme).json("POST", "/api/v1/auth/token/refresh/", {"refresh": old}).json()["refresh"]
    assert said(verify(client.at(acme), old)) == (401, "invalid_token")
    assert said(verify(client.at(acme), new)) == (200, None)
    with tenant_context(acme):
        assert RefreshFamily.objects.get().revoked_at is None

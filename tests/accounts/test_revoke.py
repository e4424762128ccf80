"""POST /api/v1/auth/token/revoke/. Tokens that all endpoints refuse: test_refused_tokens.py"""

import pytest

URL = "/api/v1/auth/token/revoke/"
REFRESH = "/api/v1/auth/token/refresh/"


def revoke(client, token):
    return client.json("POST", URL, {"refresh": token})


def refresh(client, token):
    return client.json("POST", REFRESH, {"refresh": token})


@pytest.fixture
def tokens(acme, bob, log_in):
    return log_in(bob, acme)


@pytest.mark.parametrize("host", ["tenant", "public"])
def test_revocation_ends_the_token_family(client, acme, tokens, host):
    response = revoke(client.at(acme) if host == "tenant" else client, tokens["refresh"])
    assert (response.status_code, response.content) == (204, b"")
    assert refresh(client.at(acme), tokens["refresh"]).json()["code"] == "invalid_token"


def test_second_revocation_is_answered_like_the_first(client, acme, tokens):
    assert [revoke(client.at(acme), tokens["refresh"]).status_code for _ in range(2)] == [204, 204]


def test_used_refresh_token_revokes_the_family(client, acme, tokens):
    newest = refresh(client.at(acme), tokens["refresh"]).json()["refresh"]
    assert revoke(client.at(acme), tokens["refresh"]).status_code == 204
    assert refresh(client.at(acme), newest).json()["code"] == "invalid_token"


def test_revocation_keeps_other_token_families(client, acme, bob, tokens, log_in):
    other = log_in(bob, acme)["refresh"]
    revoke(client.at(acme), tokens["refresh"])
    assert refresh(client.at(acme), other).status_code == 200


def test_access_token_cannot_be_revoked(client, acme, tokens):
    assert revoke(client.at(acme), tokens["access"]).json()["code"] == "invalid_token"


def test_former_member_can_revoke_the_token_family(client, acme, bob, tokens, end_membership):
    end_membership(bob, acme)
    assert revoke(client.at(acme), tokens["refresh"]).status_code == 204


def test_host_of_another_account_does_not_revoke(client, acme, globex, tokens):
    assert revoke(client.at(globex), tokens["refresh"]).json()["code"] == "tenant_mismatch"
    assert refresh(client.at(acme), tokens["refresh"]).status_code == 200

"""Tokens that refresh/, verify/ and revoke/ refuse in the body, on the host of an account and the public host."""

import pytest

from tests.accounts.forged_tokens import forge

INVALID = (401, "invalid_token")
ENDPOINTS = {"refresh": "refresh", "verify": "token", "revoke": "refresh"}  # {path: field of the body}
OTHER_KEY = "another key of at least 32 characters"

pytestmark = pytest.mark.parametrize("endpoint", ENDPOINTS)


def send(client, endpoint, token):
    return client.json("POST", f"/api/v1/auth/token/{endpoint}/", {ENDPOINTS[endpoint]: token})


def said(response):
    return response.status_code, response.json()["code"]


@pytest.fixture
def token(acme, bob, log_in):
    return log_in(bob, acme)["refresh"]


def test_valid_token_is_accepted(client, acme, token, endpoint):
    assert send(client.at(acme), endpoint, forge(token)).status_code in (200, 204)


# Another account's -------------------------------------------------------------------------------------------------


def test_token_of_another_account_is_refused(client, globex, token, endpoint):
    assert said(send(client.at(globex), endpoint, token)) == (403, "tenant_mismatch")


def test_refresh_token_is_refused_at_another_account_of_its_user(client, acme, globex, charlie, log_in, endpoint):
    token = log_in(charlie, acme)["refresh"]
    assert said(send(client.at(globex), endpoint, token)) == (403, "tenant_mismatch")
    assert send(client.at(acme), endpoint, token).status_code in (200, 204)  # and it was not used up there


def test_a_header_that_names_another_account_is_refused(client, globex, token, header_resolver, endpoint):
    body = {ENDPOINTS[endpoint]: token}
    url = f"/api/v1/auth/token/{endpoint}/"
    answer = client.post(url, body, content_type="application/json", headers={"X-Tenant": "globex"})
    assert said(answer) == (403, "tenant_mismatch")


def test_token_with_a_chosen_tenant_needs_a_valid_signature(client, acme, globex, token, endpoint):
    forged = forge(token, key=OTHER_KEY, tenant=str(globex.pk))
    for place in (client, client.at(globex)):
        assert said(send(place, endpoint, forged)) == INVALID


def test_token_of_an_absent_account_is_refused(client, bob, token, endpoint):
    gone = forge(token, tenant=str(bob.pk))  # a UUID that no account has
    assert said(send(client, endpoint, gone)) == (403, "tenant_mismatch")


def test_suspended_account_refuses_tokens(client, acme, token, suspend, endpoint):
    suspend(acme)
    for place in (client, client.at(acme)):
        assert said(send(place, endpoint, token)) == (403, "account_suspended")


# Not quite ours ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1_700_000_000},  # in 2023
        {"exp": None},
        {"aud": "another-service"},
        {"aud": None},
        {"token_type": "sliding"},
        {"token_type": None},
        {"jti": None},
        {"tenant": None},
        {"tenant": "acme"},
        {"tenant": ["acme"]},
        {"sub": None},
        {"sub": "bob@example.com"},
        {"sub": "01900000-0000-7000-8000-000000000000"},
        {"family": None},
        {"family": "1"},
        {"family": "01900000-0000-7000-8000-000000000000"},
        {"key": OTHER_KEY},
        {"key": "", "algorithm": "none"},
        {"algorithm": "HS512"},
    ],
    ids=repr,
)
def test_token_with_a_changed_claim_or_signature_is_refused(client, acme, token, change, endpoint):
    for place in (client, client.at(acme)):
        response = send(place, endpoint, forge(token, **change))
        assert said(response) == INVALID
        assert response["WWW-Authenticate"] == "Bearer"


def test_malformed_value_is_refused_as_a_token(client, acme, endpoint):
    texts = ["x", "a.b.c", "....", "ä", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA", "e30.e30.e30", "chp_", "chp_x_y"]
    for text in texts:
        assert said(send(client.at(acme), endpoint, text)) == INVALID, text
        assert said(send(client, endpoint, text)) == INVALID, text


def test_token_of_the_wrong_type_is_refused_with_the_field_name(client, acme, endpoint):
    for value in (None, 7, True, [], {}, "", "nul\x00", "x" * 5000):
        response = send(client.at(acme), endpoint, value)
        assert response.status_code == 400, value
        assert set(response.json()["errors"]) == {ENDPOINTS[endpoint]}


def test_an_unknown_field_is_named(client, acme, token, endpoint):
    body = {ENDPOINTS[endpoint]: token, "account": "acme"}
    response = client.at(acme).json("POST", f"/api/v1/auth/token/{endpoint}/", body)
    assert set(response.json()["errors"]) == {"account"}


def test_token_endpoints_allow_post_only(client, acme, endpoint):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert client.at(acme).json(method, f"/api/v1/auth/token/{endpoint}/").status_code == 405, method

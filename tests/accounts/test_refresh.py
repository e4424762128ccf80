"""POST /api/v1/auth/token/refresh/"""

import jwt
import pytest
from django.conf import settings

from accounts.models import Account
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tenancy.tokens import issue, read_access, read_refresh

URL = "/api/v1/auth/token/refresh/"


def refresh(client, token):
    return client.json("POST", URL, {"refresh": token})


def forge(token, *, key=None, algorithm="HS256", **claims):
    """Return the token with other claims, signed with our key or another one."""
    payload = jwt.decode(token, options={"verify_signature": False})
    payload = {name: value for name, value in {**payload, **claims}.items() if value is not None}
    return jwt.encode(payload, settings.SIMPLE_JWT["SIGNING_KEY"] if key is None else key, algorithm=algorithm)


@pytest.fixture
def tokens(acme, bob):
    access, refresh = issue(user_id=bob.pk, tenant=acme)
    return {"access": access, "refresh": refresh}


def test_it_gives_a_new_pair(client, acme, bob, tokens):
    response = refresh(client.at(acme), tokens["refresh"])
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert response.json()["refresh"] != tokens["refresh"]
    for token in (read_access(response.json()["access"]), read_refresh(response.json()["refresh"])):
        assert (token.tenant_id, token.user_id) == (acme.pk, bob.pk)


def test_the_new_access_token_opens_the_api(client, acme, bob, tokens):
    access = refresh(client.at(acme), tokens["refresh"]).json()["access"]
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": f"Bearer {access}"})
    assert response.status_code == 200


def test_the_public_host_takes_the_account_from_the_token(client, acme, tokens):
    response = refresh(client, tokens["refresh"])
    assert response.status_code == 200
    assert read_access(response.json()["access"]).tenant_id == acme.pk


def test_the_answer_is_not_to_be_stored(client, acme, tokens):
    assert refresh(client.at(acme), tokens["refresh"])["Cache-Control"] == "no-store"


# Refusals ----------------------------------------------------------------------------------------------------------


def test_a_token_of_another_account_is_worth_nothing_here(client, globex, tokens):
    response = refresh(client.at(globex), tokens["refresh"])
    assert (response.status_code, response.json()["code"]) == (403, "tenant_mismatch")


def test_not_even_for_somebody_who_belongs_to_both(client, acme, globex, charlie):
    _, token = issue(user_id=charlie.pk, tenant=acme)
    assert refresh(client.at(globex), token).json()["code"] == "tenant_mismatch"


def test_a_tenant_of_ones_choice_needs_our_signature(client, acme, globex, tokens):
    forged = forge(tokens["refresh"], key="another key of at least 32 characters", tenant=str(globex.pk))
    for place in (client, client.at(globex)):
        response = refresh(place, forged)
        assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1_700_000_000},
        {"exp": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"token_type": "access"},
        {"token_type": None},
        {"jti": None},
        {"tenant": None},
        {"tenant": "acme"},
        {"tenant": ["acme"]},
        {"sub": None},
        {"sub": "bob@example.com"},
        {"key": "another key of at least 32 characters"},
        {"key": "", "algorithm": "none"},
        {"algorithm": "HS512"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("host", ["tenant", "public"])
def test_a_token_that_is_not_quite_ours_is_refused(client, acme, tokens, change, host):
    response = refresh(client.at(acme) if host == "tenant" else client, forge(tokens["refresh"], **change))
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert response["WWW-Authenticate"] == "Bearer"


def test_an_access_token_refreshes_nothing(client, acme, tokens):
    assert refresh(client.at(acme), tokens["access"]).json()["code"] == "invalid_token"


def test_a_refresh_token_opens_nothing(client, acme, tokens):
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": f"Bearer {tokens['refresh']}"})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


def test_a_removed_member_is_out_at_once(client, acme, bob, tokens):
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.ended_at = membership.joined_at
        membership.save()
    for place in (client, client.at(acme)):
        response = refresh(place, tokens["refresh"])
        assert (response.status_code, response.json()["code"]) == (403, "not_a_member")


def test_somebody_who_was_switched_off_is_out_at_once(client, acme, bob, tokens):
    bob.is_active = False
    bob.save()
    assert refresh(client.at(acme), tokens["refresh"]).json()["code"] == "invalid_token"


@pytest.mark.parametrize("host", ["tenant", "public"])
def test_a_suspended_account_refreshes_nothing(client, acme, tokens, host):
    Account.objects.filter(pk=acme.pk).update(suspended_at="2026-01-01T00:00Z")
    response = refresh(client.at(acme) if host == "tenant" else client, tokens["refresh"])
    assert (response.status_code, response.json()["code"]) == (403, "account_suspended")


def test_an_account_that_is_gone_refreshes_nothing(client, globex, mallory):
    _, token = issue(user_id=mallory.pk, tenant=globex)
    gone = forge(token, tenant=str(mallory.pk))  # a UUID that no account has
    response = refresh(client, gone)
    assert (response.status_code, response.json()["code"]) == (403, "tenant_mismatch")


# Bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, 7, True, [], {}, "", "nul\x00", "x" * 5000], ids=lambda value: repr(value)[:20]
)
def test_a_token_of_the_wrong_kind_is_named(client, acme, value):
    response = refresh(client.at(acme), value)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"refresh"}


@pytest.mark.parametrize("text", ["x", "a.b.c", "....", "ä", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA", "e30.e30.e30"])
def test_a_token_that_is_none_is_refused(client, acme, text):
    assert refresh(client.at(acme), text).json()["code"] == "invalid_token"


def test_an_unknown_field_is_named(client, acme, tokens):
    response = client.at(acme).json("POST", URL, {"refresh": tokens["refresh"], "account": "acme"})
    assert set(response.json()["errors"]) == {"account"}

"""Access with personal tokens: the API, as one member of one account, until the token expires."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Membership
from tenancy.context import tenant_context

PROJECTS = "/api/v1/projects/"
INVALID = (401, "invalid_token")
MISMATCH = (403, "tenant_mismatch")


def bearer(token):
    return {"HTTP_AUTHORIZATION": f"Bearer {token['token'] if isinstance(token, dict) else token}"}


def said(response):
    return response.status_code, response.json()["code"]


@pytest.fixture
def token(acme, bob, personal):
    return personal(bob, acme)


@pytest.fixture
def change(acme):
    """Change all tokens of acme."""

    def change(**fields):
        with tenant_context(acme):
            ApiToken.objects.update(**fields)

    return change


def last_used(tenant):
    with tenant_context(tenant):
        return ApiToken.objects.get().last_used_at


def test_personal_token_opens_the_api_at_the_accounts_host(client, acme, token, project):
    response = client.at(acme).get(PROJECTS, **bearer(token))
    assert [row["key"] for row in response.json()["results"]] == ["WEB"]


def test_personal_token_selects_the_account_on_the_public_host(client, acme, token, project):
    response = client.get(PROJECTS, **bearer(token))
    assert [row["key"] for row in response.json()["results"]] == ["WEB"]


def test_personal_token_acts_as_its_member(client, acme, token, secret_project):
    assert client.at(acme).get(PROJECTS, **bearer(token)).json()["results"] == []
    answer = client.at(acme).delete(f"{PROJECTS}{secret_project.pk}/", **bearer(token))
    assert answer.status_code == 403


def test_personal_token_needs_no_csrf_token(client, acme, token):
    place = client.at(acme)
    place.handler.enforce_csrf_checks = True
    answer = place.post(PROJECTS, {"name": "Shop"}, content_type="application/json", **bearer(token))
    assert answer.status_code == 201


def test_personal_token_opens_no_page(client, acme, token):
    assert client.at(acme).get("/", **bearer(token)).status_code == 302


# Another account's -------------------------------------------------------------------------------------------------


def test_personal_token_is_refused_at_another_account(client, acme, globex, token):
    assert said(client.at(globex).get(PROJECTS, **bearer(token))) == MISMATCH


def test_personal_token_is_refused_at_another_account_of_its_user(client, acme, globex, charlie, personal):
    token = personal(charlie, acme)
    assert client.at(acme).get(PROJECTS, **bearer(token)).status_code == 200
    assert said(client.at(globex).get(PROJECTS, **bearer(token))) == MISMATCH


@pytest.mark.parametrize("names", [("HostResolver", "TokenResolver"), ("HostResolver",)], ids=["resolver", "check"])
@pytest.mark.parametrize("kind", ["valid", "unknown"])
def test_nothing_is_read_in_another_account_that_a_token_names(client, acme, globex, token, resolvers, names, kind):
    """The account of globex may be in another database, and no request to acme waits for that."""
    resolvers(*names)
    text = token["token"] if kind == "valid" else f"chp_{acme.pk.hex}_{'0' * 64}"
    client.at(globex).get(PROJECTS, **bearer(text))  # the host is cached
    with CaptureQueriesContext(connection) as captured:
        assert said(client.at(globex).get(PROJECTS, **bearer(text))) == MISMATCH
    assert captured.captured_queries == []


def test_token_is_looked_up_once_at_its_own_account(client, acme, token):
    client.at(acme).get(PROJECTS, **bearer(token))
    with CaptureQueriesContext(connection) as captured:
        assert client.at(acme).get(PROJECTS, **bearer(token)).status_code == 200
    assert sum("accounts_apitoken" in query["sql"] for query in captured.captured_queries) == 1


def test_token_check_refuses_another_account_without_the_resolver(client, acme, globex, charlie, personal, resolvers):
    """Two controls overlap; this tests the second with the first disabled."""
    token = personal(charlie, acme)
    resolvers("HostResolver")
    assert client.at(acme).get(PROJECTS, **bearer(token)).status_code == 200
    assert said(client.at(globex).get(PROJECTS, **bearer(token))) == MISMATCH
    assert said(client.get(PROJECTS, **bearer(token))) == MISMATCH


def test_token_with_a_forged_account_id_is_invalid(client, acme, globex, charlie, personal):
    forged = personal(charlie, acme)["token"].replace(acme.pk.hex, globex.pk.hex)
    for place in (client, client.at(globex)):
        assert said(place.get(PROJECTS, **bearer(forged))) == INVALID
    assert said(client.at(acme).get(PROJECTS, **bearer(forged))) == MISMATCH


# No more -----------------------------------------------------------------------------------------------------------


def test_revoked_personal_token_is_refused(client, acme, bob, token):
    assert client.as_(bob).delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    for place in (client, client.at(acme)):
        response = place.get(PROJECTS, **bearer(token))
        assert said(response) == INVALID
        assert response["WWW-Authenticate"] == "Bearer"


def test_expired_personal_token_is_refused(client, acme, token, change):
    change(expires_at=timezone.now() + timedelta(minutes=1))
    assert client.at(acme).get(PROJECTS, **bearer(token)).status_code == 200
    change(expires_at=timezone.now())
    assert said(client.at(acme).get(PROJECTS, **bearer(token))) == INVALID


def test_unknown_tokens_are_invalid(client, acme, token):
    text = token["token"]
    for wrong in (
        text[:-1] + ("0" if text[-1] != "0" else "1"),
        text[:-1],
        text + "0",
        text.upper(),
        f"{text} {text}",
        "chp_",
        f"chp_{acme.pk.hex}_",
        f"chp_{acme.pk}_{'0' * 64}",
        f"chp_{acme.pk.hex}_{'é' * 64}",
    ):
        for place in (client, client.at(acme)):
            assert said(place.get(PROJECTS, **bearer(wrong))) == INVALID, wrong
    unowned = f"chp_{'0' * 32}_{'0' * 64}"
    assert said(client.get(PROJECTS, **bearer(unowned))) == INVALID
    assert said(client.at(acme).get(PROJECTS, **bearer(unowned))) == MISMATCH


def test_personal_token_of_a_removed_member_is_refused(client, acme, bob, token, end_membership):
    end_membership(bob, acme)
    for place in (client, client.at(acme)):
        assert said(place.get(PROJECTS, **bearer(token))) == (403, "not_a_member")


@pytest.mark.parametrize("kind", ["personal", "access"])
def test_demoted_member_cannot_write(client, acme, bob, token, log_in, kind):
    text = token["token"] if kind == "personal" else log_in(bob, acme)["access"]
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(role="viewer")
    answer = client.at(acme).post(PROJECTS, {"name": "Mine"}, content_type="application/json", **bearer(text))
    assert said(answer) == (403, "permission_denied")


def test_token_of_an_inactive_user_is_invalid(client, acme, bob, token):
    bob.is_active = False
    bob.save()
    assert said(client.at(acme).get(PROJECTS, **bearer(token))) == INVALID


def test_personal_token_of_a_suspended_account_is_refused(client, acme, token, suspend):
    suspend(acme)
    for place in (client, client.at(acme)):
        assert said(place.get(PROJECTS, **bearer(token))) == (403, "account_suspended")


# When it was used --------------------------------------------------------------------------------------------------


def test_last_use_of_a_personal_token_is_recorded(client, acme, bob, token):
    assert token["last_used_at"] is None
    client.at(acme).get(PROJECTS, **bearer(token))
    shown = client.as_(bob).get(f"/api/v1/tokens/{token['id']}/").json()["last_used_at"]
    assert shown.endswith("Z")


def test_last_use_is_recorded_at_most_once_a_minute(client, acme, token, change):
    for seconds, again in ((50, False), (70, True)):
        before = timezone.now() - timedelta(seconds=seconds)
        change(last_used_at=before)
        client.at(acme).get(PROJECTS, **bearer(token))
        assert (last_used(acme) != before) == again


def test_refused_request_is_not_recorded_as_a_use(client, acme, globex, bob, token, end_membership):
    client.at(globex).get(PROJECTS, **bearer(token))
    end_membership(bob, acme)
    client.at(acme).get(PROJECTS, **bearer(token))
    assert last_used(acme) is None

"""POST /api/v1/auth/token/refresh/: refresh token rotation. Other refusals: test_refused_tokens.py"""

import threading
import time

import pytest
from django.db import connection, transaction

from accounts.models import RefreshFamily
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tenancy.tokens import issue, read_access, read_refresh
from tests.accounts.forged_tokens import forge

URL = "/api/v1/auth/token/refresh/"
INVALID = (401, "invalid_token")


def refresh(client, token):
    return client.json("POST", URL, {"refresh": token})


def said(response):
    return response.status_code, response.json()["code"]


def has_blocked_connection():
    """Return whether another connection waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline


@pytest.fixture
def tokens(acme, bob, log_in):
    return log_in(bob, acme)


def test_refresh_returns_a_new_token_pair(client, acme, bob, tokens):
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


def test_response_has_no_store(client, acme, tokens):
    assert refresh(client.at(acme), tokens["refresh"])["Cache-Control"] == "no-store"


def test_access_token_cannot_be_refreshed(client, acme, tokens):
    assert said(refresh(client.at(acme), tokens["access"])) == INVALID


def test_refresh_token_does_not_authenticate(client, acme, tokens):
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": f"Bearer {tokens['refresh']}"})
    assert said(response) == INVALID


def test_removed_member_cannot_refresh(client, acme, bob, tokens, end_membership):
    end_membership(bob, acme)
    for place in (client, client.at(acme)):
        assert said(refresh(place, tokens["refresh"])) == (403, "not_a_member")


def test_inactive_user_cannot_refresh(client, acme, bob, tokens):
    bob.is_active = False
    bob.save()
    assert said(refresh(client.at(acme), tokens["refresh"])) == INVALID


# Reuse -------------------------------------------------------------------------------------------------------------


def test_the_new_token_refreshes_again(client, acme, tokens):
    token = tokens["refresh"]
    for _ in range(3):
        response = refresh(client.at(acme), token)
        assert response.status_code == 200
        token = response.json()["refresh"]


def test_reuse_of_a_refresh_token_revokes_the_family(client, acme, tokens):
    newest = refresh(client.at(acme), tokens["refresh"]).json()["refresh"]
    assert said(refresh(client.at(acme), tokens["refresh"])) == INVALID
    assert said(refresh(client.at(acme), newest)) == INVALID


def test_reuse_is_detected_long_after_the_first_use(client, acme, tokens):
    newest = tokens["refresh"]
    for _ in range(3):
        newest = refresh(client.at(acme), newest).json()["refresh"]
    assert said(refresh(client.at(acme), tokens["refresh"])) == INVALID
    assert said(refresh(client.at(acme), newest)) == INVALID


def test_reuse_is_detected_on_the_public_host(client, acme, tokens):
    newest = refresh(client, tokens["refresh"]).json()["refresh"]
    assert said(refresh(client, tokens["refresh"])) == INVALID
    assert said(refresh(client.at(acme), newest)) == INVALID


def test_reuse_keeps_other_token_families_of_the_user(client, acme, bob, tokens, log_in):
    other = log_in(bob, acme)["refresh"]
    refresh(client.at(acme), tokens["refresh"])
    assert said(refresh(client.at(acme), tokens["refresh"])) == INVALID
    assert refresh(client.at(acme), other).status_code == 200


def test_token_without_a_family_is_refused(client, acme, bob):
    _, token = issue(user_id=bob.pk, tenant=acme)
    assert said(refresh(client.at(acme), token)) == INVALID


@pytest.mark.parametrize("jti", ["1", "00000000000000000000000000000000"])
def test_token_that_was_never_the_newest_is_refused(client, acme, tokens, jti):
    assert said(refresh(client.at(acme), forge(tokens["refresh"], jti=jti))) == INVALID


def test_token_family_belongs_to_one_user(client, acme, alice, tokens):
    assert said(refresh(client.at(acme), forge(tokens["refresh"], sub=str(alice.pk)))) == INVALID
    assert (
        refresh(client.at(acme), tokens["refresh"]).status_code == 200
    )  # and the refused token did not revoke the log-in of another user


def test_log_in_deletes_expired_token_families(acme, bob, tokens, log_in):
    with tenant_context(acme):
        RefreshFamily.objects.update(expires_at="2026-01-01T00:00Z")
        log_in(bob, acme)
        assert RefreshFamily.objects.count() == 1


def test_refresh_records_the_last_use_of_the_family(client, acme, bob, tokens):
    newest = read_refresh(refresh(client.at(acme), tokens["refresh"]).json()["refresh"])
    with tenant_context(acme):
        family = RefreshFamily.objects.get(member=membership_of(bob, acme))
    assert family.created_at < family.last_used_at
    assert family.expires_at == newest.expires_at


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_refresh_succeeds_and_reuse_revokes_the_family(client, acme, tokens, at_once):
    answers = []
    use = lambda: answers.append(refresh(client.at(acme), tokens["refresh"]))  # noqa: E731
    assert at_once(*[use] * 4) == []
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    (newest,) = (answer.json()["refresh"] for answer in answers if answer.status_code == 200)
    assert said(refresh(client.at(acme), newest)) == INVALID


@pytest.mark.django_db(transaction=True)
def test_parallel_rotations_are_serialized(client, acme, tokens, at_once):
    """The lock on which the test above relies: while the family is locked, requests wait."""
    held, answers = threading.Event(), []

    def hold():
        with transaction.atomic():
            family = RefreshFamily.objects.select_for_update().get()
            held.set()
            wait_until(has_blocked_connection)
            assert answers == []
            family.current_token_id = family.pk  # as a parallel rotation does
            family.save()

    def use():
        assert held.wait(10)
        answers.append(refresh(client.at(acme), tokens["refresh"]))

    assert at_once(hold, use) == []
    assert said(answers[0]) == INVALID


@pytest.mark.django_db(transaction=True)
def test_revocation_is_committed_although_the_request_fails(client, acme, tokens):
    """The revocation has a separate transaction: the refusal rolls back the transaction of the request."""
    newest = refresh(client.at(acme), tokens["refresh"]).json()["refresh"]
    assert said(refresh(client.at(acme), tokens["refresh"])) == INVALID
    with tenant_context(acme):
        assert RefreshFamily.objects.get().revoked_at
    assert said(refresh(client.at(acme), newest)) == INVALID


def test_a_new_password_ends_the_log_ins_in_all_accounts(client, acme, globex, charlie, log_in):
    before = {account: log_in(charlie, account)["refresh"] for account in (acme, globex)}
    charlie.set_password("another horse battery")
    charlie.save()
    for account, token in before.items():
        verified = client.at(account).json("POST", "/api/v1/auth/token/verify/", {"token": token})
        assert said(verified) == INVALID
        assert said(refresh(client.at(account), token)) == INVALID

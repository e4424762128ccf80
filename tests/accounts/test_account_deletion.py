"""Account deletion: DELETE account/, account/restore/, /settings/danger/"""

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from accounts.actions.account_deletion import delete_account, restore_account
from accounts.jobs import mail_deletion
from accounts.models import Account, AuditEntry
from tenancy.context import tenant_context
from tenancy.testing import TenantClient, membership_of
from tests.accounts.account_deletion import pass_time
from tests.accounts.invitations import post
from tests.frontend.conftest import Page

pytestmark = pytest.mark.django_db

DANGER, ACCOUNT, RESTORE = "/settings/danger/", "/api/v1/account/", "/api/v1/account/restore/"


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Send a request, and run its on-commit callbacks."""

    def send(call, *arguments, **fields):
        with django_capture_on_commit_callbacks(execute=True):
            return call(*arguments, **fields)

    return send


@pytest.fixture
def ended(client, acme, alice, committed):
    """Acme, which alice has just deleted."""
    assert committed(client.as_(alice).post, DANGER, {"name": "Acme"}).url == DANGER
    return Account.objects.get(pk=acme.pk)


def code(answer):
    return answer.status_code, answer.json()["code"]


# Asking for it ------------------------------------------------------------------------------------------------------


def test_owner_closes_the_account_by_typing_its_name(client, acme, alice, bob, project, committed):
    session, theirs = client.as_(alice), client.as_(bob)
    for wrong in ({}, {"name": ""}, {"name": "Acm"}):
        assert session.post(DANGER, wrong).status_code == 400
    assert theirs.get("/").status_code == 200
    assert committed(session.post, DANGER, {"name": "acme "}).status_code == 302
    for path in ("/", "/projects/WEB/", "/settings/", DANGER):
        assert theirs.get(path).status_code == 403, path
        assert client.at(acme).get(path).status_code == (302 if path == DANGER else 403), path
    assert b"This account is suspended" in theirs.get("/").content
    for path in ("/api/v1/projects/", ACCOUNT, "/api/v1/nothing/"):
        assert code(theirs.get(path)) == (403, "account_suspended")
        assert code(client.with_token(bob).get(path)) == (403, "account_suspended")
    credentials = {"email": "bob@example.com", "password": "x"}
    assert client.at(acme).json("POST", "/api/v1/auth/token/", credentials).status_code == 403


@pytest.mark.parametrize("who", ["admin", "bob", "vera"])
def test_only_owners_delete_the_account(client, acme, alice, admin, bob, vera, request, who):
    session = client.as_(request.getfixturevalue(who))
    assert session.get(DANGER).status_code == session.post(DANGER, {"name": "Acme"}).status_code == 403
    assert code(session.json("DELETE", ACCOUNT, {"name": "Acme"})) == (403, "permission_denied")
    assert code(session.json("POST", RESTORE)) == (403, "permission_denied")
    assert Account.objects.get(pk=acme.pk).suspended_at is None


@pytest.mark.parametrize(
    "body", [None, {}, {"name": ""}, {"name": None}, {"name": "Globex"}, {"name": "Acme", "x": 1}]
)
def test_api_requires_the_account_name_for_deletion(client, acme, alice, body):
    assert code(client.as_(alice).json("DELETE", ACCOUNT, body)) == (400, "invalid")
    assert Account.objects.get(pk=acme.pk).deleting_since is None


def test_the_api_deletes_and_restores(client, acme, alice, bob, committed):
    session = client.with_token(alice)
    assert committed(session.json, "DELETE", ACCOUNT, {"name": "Acme"}).status_code == 204
    assert code(session.get(ACCOUNT)) == (403, "account_suspended")
    assert code(client.with_token(bob).json("POST", RESTORE)) == (403, "permission_denied")
    assert committed(session.json, "POST", RESTORE).json()["slug"] == "acme"
    assert client.as_(bob).get("/").status_code == 200
    assert code(session.json("POST", RESTORE)) == (409, "conflict")


def test_deletion_is_mailed_to_owners_and_audited(ended, alice):
    (message,) = post()
    assert (message.to, message.subject) == (["alice@example.com"], "“Acme” will be deleted")
    assert "http://acme.localhost:8000/settings/danger/" in message.body
    with tenant_context(ended):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_email) == ("account.deletion_requested", "alice@example.com")


def test_cancelled_deletion_sends_no_mail(client, acme, ended, alice, committed):
    committed(client.as_(alice).post, DANGER)
    assert post() == []
    assert mail_deletion.also_closing


# Calling it off -----------------------------------------------------------------------------------------------------


def test_owner_cancels_the_deletion(client, acme, ended, alice, bob, committed):
    session = client.as_(alice)
    assert session.get("/").url == DANGER
    assert "This account will be deleted" in Page(session.get(DANGER)).text
    assert committed(session.post, DANGER).url == DANGER
    assert "Nothing has changed." in Page(session.get(DANGER)).text
    assert client.as_(bob).get("/").status_code == 200
    with tenant_context(acme):
        assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
            "account.deletion_requested",
            "account.restored",
        ]


def test_an_owner_without_a_session_logs_in_first(client, acme, ended, alice):
    visitor = client.at(acme)
    assert visitor.get(DANGER).url == f"/auth/login/?next={DANGER}"
    log_in = {"login": "alice@example.com", "password": "correct horse battery", "next": DANGER}
    assert visitor.post("/auth/login/", log_in).url == DANGER
    assert "This account will be deleted" in Page(visitor.get(DANGER)).text
    public = TenantClient()
    public.log_in(alice)
    assert "http://acme.localhost:8000/auth/enter/" in Page(public.get("/")).links  # she can log in there


def test_only_owners_cancel_the_deletion(client, acme, ended, admin, bob):
    for who in (admin, bob):
        assert client.as_(who, at=acme).post(DANGER).status_code == 403
    assert client.at(acme).post(DANGER).status_code == 302
    assert Account.objects.get(pk=acme.pk).is_closing


def test_deletion_cannot_be_cancelled_after_two_weeks(client, acme, ended, alice):
    session = client.as_(alice)
    pass_time(acme)
    cache.clear()
    assert session.post(DANGER).status_code == 409
    assert code(session.json("POST", RESTORE)) == (409, "conflict")


def test_operator_can_suspend_an_account_being_deleted(client, acme, ended, alice, committed):
    committed(call_command, "suspendtenant", "acme")
    session = client.as_(alice)
    assert session.get(DANGER).status_code == session.post(DANGER).status_code == 403
    assert code(session.json("POST", RESTORE)) == (403, "account_suspended")
    committed(call_command, "suspendtenant", "acme", undo=True)
    assert session.get(DANGER).status_code == 200
    assert Account.objects.get(pk=acme.pk).is_closing


def test_owner_of_another_account_is_not_authenticated(client, acme, ended, mallory):
    assert client.as_(mallory, at=acme).post(DANGER).status_code == 302
    assert code(client.at(acme).json("POST", RESTORE)) == (401, "not_authenticated")


@pytest.mark.parametrize(("action", "arguments"), [(delete_account, {"name": "Acme"}), (restore_account, {})])
def test_actions_check_the_role(acme, admin, action, arguments):
    with tenant_context(acme), pytest.raises(PermissionDenied):
        action(actor=membership_of(admin, acme), **arguments)

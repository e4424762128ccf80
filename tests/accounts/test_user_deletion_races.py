"""Requests of a user in parallel with the deletion of the user leave no data."""

import threading

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actions.acceptance import accept_invitation
from accounts.actions.accounts import create_account
from accounts.actions.members import transfer_account
from accounts.actions.pictures import set_avatar
from accounts.actions.user_deletion import delete_user
from accounts.emails.links import password_link
from accounts.exceptions import Gone
from accounts.files.names import avatar_file
from accounts.models import Account, ApiToken, Membership, RefreshFamily, Session, User
from tenancy.context import tenant_context
from tenancy.storage import storage
from tenancy.testing import PASSWORD, TenantClient, join, membership_of
from tests.accounts.authentication import give_app
from tests.accounts.invitations import invite
from tests.accounts.test_pictures import picture
from tests.waiting import wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "another long sentence"
TOKENS, TOKEN = "/api/v1/tokens/", "/api/v1/auth/token/"


@pytest.fixture
def meanwhile(at_once):
    """Start an action that waits for the end of `first`, which has begun before."""

    def meanwhile(first, then):
        begun, answers = threading.Event(), []

        def lead():
            held = transaction.atomic()
            held._from_testcase = True  # so that transactions of both planes run within it
            with held:
                first()
                begun.set()
                wait_until_blocked()

        def follow():
            assert begun.wait(10)
            answers.append(then())

        errors = at_once(lead, follow)
        return answers, errors

    return meanwhile


def is_forgotten(user):
    """Return whether no data of a user is left."""
    user.refresh_from_db()
    assert (user.email, user.name, user.is_active) == (f"{user.pk}@deleted.invalid", "", False)
    assert user.time_zone is None
    assert not user.has_usable_password()
    assert user.deleted_at
    assert not EmailAddress.objects.filter(user=user).exists()
    assert not Authenticator.objects.filter(user=user).exists()
    for account in Account.objects.all():
        with tenant_context(account):
            assert not Membership.objects.current().filter(user=user).exists()
            assert not Membership.objects.filter(user=user).exclude(avatar="").exists()
            assert not RefreshFamily.objects.filter(member__user=user, revoked_at=None).exists()
            assert not ApiToken.objects.filter(member__user=user, revoked_at=None).exists()
    return True


# Joining -------------------------------------------------------------------------------------------------------------


def test_invitation_cannot_be_accepted_during_deletion(client, acme, globex, alice, charlie, mallory, meanwhile):
    Account.objects.create(slug="initech", name="Initech")
    _row, token = invite(client, mallory, globex, "bob@example.com")
    bob = User.objects.create_user("bob@example.com", PASSWORD, confirmed=True)
    join(bob, acme, "member")
    path, fields = f"/invitations/{token}/", {"password": PASSWORD}
    answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: client.at(globex).post(path, fields))
    assert errors == []
    assert answers[0].status_code == 404
    assert is_forgotten(bob)


def test_membership_accepted_before_deletion_ends(client, acme, globex, bob, mallory, meanwhile):
    _row, token = invite(client, mallory, globex, "bob@example.com")

    def accept():
        with tenant_context(globex):
            accept_invitation(token=token, user=bob)

    assert meanwhile(accept, lambda: delete_user(user=bob)) == ([None], [])
    assert is_forgotten(bob)
    with tenant_context(globex):
        assert Membership.objects.get(user=bob).ended_at


def test_deleted_user_cannot_accept_an_invitation(client, acme, globex, bob, mallory):
    _row, token = invite(client, mallory, globex, "bob@example.com")
    delete_user(user=bob)
    with tenant_context(globex), pytest.raises(Gone):
        accept_invitation(token=token, user=bob)


def test_account_is_not_created_for_a_user_being_deleted(acme, bob, meanwhile):
    def create():
        return create_account(slug="initech", name="Initech", owner_email="bob@example.com")

    (created,), errors = meanwhile(lambda: delete_user(user=bob), create)
    assert errors == []
    assert created.owner.pk != bob.pk
    assert is_forgotten(bob)


def test_user_being_deleted_is_not_made_owner(acme, alice, bob, meanwhile):
    owner, member = membership_of(alice, acme), membership_of(bob, acme)
    _answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: transfer_account(member=member, actor=owner))
    assert [type(error) for error in errors] == [Gone]
    assert is_forgotten(bob)
    assert membership_of(alice, acme).role == "owner"


def test_user_made_owner_before_deletion_cannot_be_deleted(acme, alice, bob, meanwhile):
    owner, member = membership_of(alice, acme), membership_of(bob, acme)
    _answers, errors = meanwhile(lambda: transfer_account(member=member, actor=owner), lambda: delete_user(user=bob))
    assert [str(error)[:31] for error in errors] == ["You are the last owner of Acme."[:31]]
    bob.refresh_from_db()
    assert (bob.is_active, membership_of(bob, acme).role) == (True, "owner")


# Log-ins and tokens --------------------------------------------------------------------------------------------------


def test_no_token_is_issued_during_deletion(client, acme, bob, meanwhile):
    session = client.as_(bob)
    answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: session.json("POST", TOKENS, {"name": "x"}))
    assert errors == []
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "permission_denied")]
    assert is_forgotten(bob)


def test_token_request_during_deletion_is_refused(client, acme, bob, meanwhile):
    fields = {"email": bob.email, "password": PASSWORD}
    answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: client.at(acme).json("POST", TOKEN, fields))
    assert errors == []
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "invalid_credentials")]
    assert is_forgotten(bob)


def test_token_issued_before_deletion_is_revoked(client, acme, bob, meanwhile):
    session = client.as_(bob)
    made = []

    def make():
        made.append(session.json("POST", TOKENS, {"name": "x"}).json()["token"])

    assert meanwhile(make, lambda: delete_user(user=bob)) == ([None], [])
    assert is_forgotten(bob)
    answer = TenantClient(acme, HTTP_AUTHORIZATION=f"Bearer {made[0]}").get("/api/v1/projects/")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_session_created_during_deletion_is_invalid(client, acme, bob, meanwhile):
    browser = client.at(acme)

    def log_in():
        return browser.post("/auth/login/", {"login": bob.email, "password": PASSWORD})

    (answer,), errors = meanwhile(lambda: delete_user(user=bob), log_in)
    assert (answer.status_code, errors) == (302, [])
    assert Session.objects.exists()  # it authenticates no user: the user is inactive and has no password
    assert browser.get("/")["Location"] == "/auth/login/?next=/"
    assert browser.get("/api/v1/me/").status_code == 401
    assert is_forgotten(bob)


# What is theirs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/auth/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}),
        ("/auth/email/", {"email": "new@example.com", "action_add": ""}),
        ("/auth/2fa/recovery-codes/generate/", {}),
        ("/auth/others/", {}),
        ("/auth/time-zone/", {"time_zone": "Europe/Vienna"}),
    ],
)
def test_request_of_a_user_being_deleted_writes_nothing(client, acme, bob, path, fields, meanwhile):
    session = client.as_(bob)
    give_app(session, bob)
    answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: session.post(path, fields))
    assert errors == []
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/auth/login/")]
    assert is_forgotten(bob)


def test_name_is_not_changed_during_deletion(client, acme, bob, meanwhile):
    session = client.as_(bob)
    answers, errors = meanwhile(
        lambda: delete_user(user=bob), lambda: session.json("PATCH", "/api/v1/me/", {"name": "Robert"})
    )
    assert (answers[0].status_code, errors) == (409, [])
    assert is_forgotten(bob)


def test_password_link_is_invalid_after_deletion(client, acme, bob, meanwhile):
    with tenant_context(acme):
        path = password_link(bob).removeprefix("http://acme.localhost:8000")
    browser = client.at(acme)
    form = browser.get(path)["Location"]
    fields = {"password1": NEW, "password2": NEW}
    answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: browser.post(form, fields))
    assert (answers[0].status_code, errors) == (404, [])
    assert is_forgotten(bob)


def test_address_cannot_be_confirmed_after_deletion(client, acme, bob, meanwhile):
    new = EmailAddress.objects.create(user=bob, email="new@example.com", verified=False)
    path = f"/auth/confirm-email/{EmailConfirmationHMAC(new).key}/"
    _answers, errors = meanwhile(lambda: delete_user(user=bob), lambda: client.post(path))
    assert errors == []
    assert is_forgotten(bob)


def test_avatar_uploaded_during_deletion_is_removed(acme, globex, charlie, meanwhile, run_jobs):
    with tenant_context(globex):  # whose membership ended before
        left = membership_of(charlie, globex)
        set_avatar(actor=left, content=picture())
        Membership.objects.filter(pk=left.pk).update(ended_at=left.joined_at)
    member = membership_of(charlie, acme)
    _answers, errors = meanwhile(
        lambda: delete_user(user=charlie), lambda: set_avatar(actor=member, content=picture())
    )
    assert [type(error).__name__ for error in errors] == ["PermissionDenied"]
    assert is_forgotten(charlie)
    run_jobs()
    with tenant_context(globex):
        assert not storage.exists(avatar_file(left.avatar))


def test_second_parallel_deletion_succeeds_without_effect(acme, bob, meanwhile):
    assert meanwhile(lambda: delete_user(user=bob), lambda: delete_user(user=bob)) == ([None], [])
    assert is_forgotten(bob)

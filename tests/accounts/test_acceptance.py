"""/api/v1/invitations/accept/ and /invitations/<token>/: acceptance of invitations"""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.utils import timezone

from accounts.actions import acceptance, invitations
from accounts.exceptions import Gone
from accounts.models import AuditEntry, Invitation, Membership, User
from tenancy.context import tenant_context
from tenancy.routing import forget_tenant
from tenancy.testing import PASSWORD, TenantClient, join, make_user, membership_of
from tests.accounts.invitations import ACCEPT, NEW, accept, invite

pytestmark = pytest.mark.django_db
PROJECTS = "/api/v1/projects/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}


def log_in(client, account, email, password):
    return client.at(account).json("POST", "/api/v1/auth/token/", {"email": email, "password": password})


def people():
    return User.objects.count()


# New users -----------------------------------------------------------------------------------------------------------


def test_new_user_gets_password_and_membership(client, acme, alice):
    _row, token = invite(client, alice, acme, role="viewer")
    answer = accept(client, acme, token, **NEW)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    nina = User.objects.get(email="nina@example.com")
    member = membership_of(nina, acme)
    assert answer.json() == {"id": str(member.pk), "name": "Nina", "email": nina.email, "role": "viewer"}
    access = log_in(client, acme, nina.email, NEW["password"]).json()["access"]
    session = client.at(acme)
    assert session.get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200
    proved = EmailAddress.objects.get(user=nina)
    assert (proved.email, proved.verified, proved.primary) == (nina.email, True, True)
    with tenant_context(acme):
        entry = AuditEntry.objects.get(action="member.joined")
    assert (entry.actor_id, entry.data["role"]) == (member.pk, "viewer")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"password": NEW["password"]}, "name"),
        ({"password": NEW["password"], "name": ""}, "name"),
        ({"password": NEW["password"], "name": "x" * 151}, "name"),
        ({"password": "short", "name": "Nina"}, "password"),
        ({"password": "password", "name": "Nina"}, "password"),
        ({"password": "nina@example.com", "name": "Nina"}, "password"),
        ({"password": "", "name": "Nina"}, "password"),
        ({**NEW, "email": "owner@example.com"}, "email"),
        ({**NEW, "role": "admin"}, "role"),
    ],
    ids=str,
)
def test_refused_acceptance_creates_no_user_and_keeps_the_link(client, acme, alice, fields, name):
    _row, token = invite(client, alice, acme)
    before = people()
    answer = accept(client, acme, token, **fields)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
    assert people() == before
    assert accept(client, acme, token, **NEW).status_code == 201


def test_user_without_password_sets_it_on_acceptance(client, acme, alice):
    User.objects.create_user("nina@example.com")
    _row, token = invite(client, alice, acme)
    assert accept(client, acme, token, **NEW).status_code == 201
    assert log_in(client, acme, "nina@example.com", NEW["password"]).status_code == 200


# Users with another account ------------------------------------------------------------------------------------------


def test_known_user_accepts_with_their_password(client, acme, globex, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com", "admin")
    wrong = accept(client, acme, token, password="wrong", name="Mine")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    answer = accept(client, acme, token, password=PASSWORD, name="Another name")
    assert (answer.status_code, answer.json()["role"], answer.json()["name"]) == (201, "admin", "Mallory")
    assert log_in(client, acme, "mallory@example.com", PASSWORD).status_code == 200
    assert client.as_(mallory, at=globex).get(PROJECTS).status_code == 200


def test_invitation_link_does_not_change_the_password_of_a_known_user(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    assert accept(client, acme, token, **NEW).status_code == 401
    assert User.objects.get(pk=mallory.pk).check_password(PASSWORD)


def test_inactive_user_cannot_accept(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    assert accept(client, acme, token, password=PASSWORD).status_code == 401


def test_attempts_count_towards_the_limit_of_the_log_in_page(client, acme, globex, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    codes = [accept(client, acme, token, password="wrong").status_code for _ in range(12)]
    assert codes[0] == 401
    assert codes[-1] == 429
    last = accept(client, acme, token, password=PASSWORD)
    assert (last.status_code, last.json()["code"], int(last["Retry-After"]) > 0) == (429, "throttled", True)
    assert log_in(client, globex, "mallory@example.com", PASSWORD).status_code == 429


def test_user_logged_in_on_the_public_host_needs_no_password(client, acme, globex, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    public = TenantClient()
    public.log_in(mallory)
    assert public.json("POST", ACCEPT, {"token": token}).status_code == 400  # of which account?
    assert public.json("POST", ACCEPT, {"token": token, "account": "globex"}).json() == NOT_FOUND
    assert public.json("POST", ACCEPT, {"token": token, "account": "nowhere"}).json() == NOT_FOUND
    answer = public.json("POST", ACCEPT, {"token": token, "account": "acme"})
    assert (answer.status_code, answer.json()["email"]) == (201, "mallory@example.com")


def test_only_the_invited_user_accepts_without_password(client, acme, alice, bob, mallory):
    _row, token = invite(client, alice, acme, "nina@example.com")
    public = TenantClient()
    public.log_in(mallory)
    assert public.json("POST", ACCEPT, {"token": token, "account": "acme"}).json() == NOT_FOUND
    assert client.as_(bob).json("POST", ACCEPT, {"token": token}).json() == NOT_FOUND
    assert accept(client, acme, token).status_code == 401
    assert not User.objects.filter(email="nina@example.com").exists()


def test_cross_site_request_cannot_accept(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    public = TenantClient(enforce_csrf_checks=True)
    public.handler.enforce_csrf_checks = True
    public.log_in(mallory)
    answer = public.json("POST", ACCEPT, {"token": token, "account": "acme"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_former_member_gets_the_same_membership_row(client, acme, alice, bob):
    his = membership_of(bob, acme)
    client.as_(alice).delete(f"/api/v1/members/{his.pk}/")
    _row, token = invite(client, alice, acme, "bob@example.com", "viewer")
    answer = accept(client, acme, token, password=PASSWORD)
    assert (answer.status_code, answer.json()["id"], answer.json()["role"]) == (201, str(his.pk), "viewer")
    again = membership_of(bob, acme)
    assert again.ended_at is None
    assert again.readmitted_at is not None


def test_user_who_is_already_a_member_gets_conflict(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    join(mallory, acme, "viewer")
    answer = accept(client, acme, token, password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert membership_of(mallory, acme).role == "viewer"


# Links that do not work ----------------------------------------------------------------------------------------------


@pytest.fixture
def dead(client, acme, alice):
    """Return an invalid link; `how` is the reason."""

    def dead(how):
        _row, token = invite(client, alice, acme)
        with tenant_context(acme):
            match how:
                case "used":
                    assert accept(client, acme, token, **NEW).status_code == 201
                case "revoked":
                    Invitation.objects.update(revoked_at=timezone.now())
                case "expired":
                    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
                case "made up":
                    token = "x" * 43
        return token

    return dead


@pytest.mark.parametrize("how", ["used", "revoked", "expired", "made up"])
def test_invalid_links_get_the_same_response(client, acme, bob, dead, how):
    token = dead(how)
    before = people()
    answers = [
        accept(client, acme, token, **NEW),
        accept(client, acme, token),
        client.as_(bob).json("POST", ACCEPT, {"token": token}),
    ]
    assert all((answer.status_code, answer.json()) == (404, NOT_FOUND) for answer in answers)
    assert client.at(acme).get(f"/invitations/{token}/").status_code == 404
    assert client.at(acme).post(f"/invitations/{token}/", NEW).status_code == 404
    assert people() == before


def test_link_is_not_found_on_the_host_of_another_account(client, acme, globex, alice, mallory):
    _row, token = invite(client, alice, acme)
    absent = "x" * 43
    before = people()
    for fields in (NEW, {}, {"account": "globex", **NEW}):
        answers = [accept(client, globex, each, **fields) for each in (token, absent)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert accept(client, globex, token, account="acme", **NEW).json()["code"] == "tenant_mismatch"
    assert client.at(globex).get(f"/invitations/{token}/").status_code == 404
    assert client.at(globex).post(f"/invitations/{token}/", NEW).status_code == 404
    assert people() == before
    assert accept(client, acme, token, **NEW).status_code == 201


@pytest.mark.parametrize("token", ["", None, 1, ["x"], "x" * 201, "x\0"])
def test_malformed_token_is_refused(client, acme, token):
    answer = accept(client, acme, token, **NEW)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["token"])


def test_suspended_account_refuses_acceptance(client, acme, alice, django_capture_on_commit_callbacks):
    _row, token = invite(client, alice, acme)
    type(acme).objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        forget_tenant(acme)
    assert accept(client, acme, token, **NEW).json()["code"] == "account_suspended"
    public = TenantClient().json("POST", ACCEPT, {"token": token, "account": "acme", **NEW})
    assert (public.status_code, public.json()["code"]) == (403, "account_suspended")


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_acceptance_succeeds(client, acme, alice, at_once):
    _row, token = invite(client, alice, acme)
    errors = at_once(*[lambda: acceptance.accept_as_new_person(token=token, **NEW)] * 3)
    assert [type(error) for error in errors] == [Gone] * 2
    assert User.objects.filter(email="nina@example.com").count() == 1
    with tenant_context(acme):
        assert Membership.objects.filter(role="member").count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_acceptance_and_revocation_have_one_outcome(client, acme, alice, at_once):
    _row, token = invite(client, alice, acme)
    with tenant_context(acme):
        invitation = Invitation.objects.get()
    owner = membership_of(alice, acme)
    errors = at_once(
        lambda: acceptance.accept_as_new_person(token=token, **NEW),
        lambda: invitations.revoke_invitation(invitation=invitation, actor=owner),
    )
    assert [type(error) for error in errors] == [Gone]
    with tenant_context(acme):
        invitation.refresh_from_db()
        joined = Membership.objects.filter(role="member").exists()
    assert (invitation.accepted_at is not None, invitation.revoked_at is None) == (joined, joined)


@pytest.mark.django_db(transaction=True)
def test_parallel_acceptances_in_two_accounts_create_one_user(client, acme, globex, alice, mallory):
    """The second request finds the user that the first has created, or loses the race for the address: 409."""
    _row, ours = invite(client, alice, acme)
    _row, theirs = invite(client, mallory, globex)
    make_user("nina")
    with tenant_context(acme), pytest.raises((acceptance.KnownPerson, IntegrityError)):
        acceptance.accept_as_new_person(token=ours, **NEW)
    assert accept(client, globex, theirs, password=PASSWORD).status_code == 201


# The page ------------------------------------------------------------------------------------------------------------


def test_invitation_page_lets_a_new_user_join(client, acme, alice):
    _row, token = invite(client, alice, acme, role="viewer")
    browser, url = client.at(acme), f"/invitations/{token}/"
    page = browser.get(url).content.decode()
    assert "Join Acme" in page
    assert "nina@example.com" in page
    assert 'name="name"' in page
    assert browser.post(url, {"name": "", "password": "short"}).status_code == 400
    assert browser.post(url, {"name": "Nina", "password": "short"}).status_code == 400
    answer = browser.post(url, NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.get("/").status_code == 200
    assert browser.get(url).status_code == 404


def test_invitation_page_asks_a_known_user_for_their_password(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    browser, url = client.at(acme), f"/invitations/{token}/"
    assert 'name="name"' not in browser.get(url).content.decode()
    assert "not the password" in browser.post(url, {"password": "wrong"}).content.decode()
    assert browser.post(url, {"password": PASSWORD})["Location"] == "/"
    assert browser.get("/")["Location"] == "/auth/login/?next=/"  # where a second factor may be required
    assert membership_of(mallory, acme).role == "member"


def test_page_reports_too_many_attempts(client, acme, alice, mallory):
    _row, token = invite(client, alice, acme, "mallory@example.com")
    browser, url = client.at(acme), f"/invitations/{token}/"
    for _ in range(12):
        wrong = browser.post(url, {"password": "wrong"})
    assert wrong.status_code == 400
    assert "Too many attempts" in wrong.content.decode()

"""/api/v1/invitations/: permissions, mails and limits of invitations"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.actions import invitations
from accounts.exceptions import QuotaExceeded
from accounts.models import AuditEntry, Domain, Invitation
from accounts.plans import LIMITS, Plan
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.testing import join, make_user, membership_of
from tests.accounts.invitations import NEW, URL, accept, invite, link_in, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch):
    """Let an account have two pending invitations."""
    monkeypatch.setitem(LIMITS, Plan.BUSINESS, replace(LIMITS[Plan.BUSINESS], invitations=2))


def change(account, **fields):
    with tenant_context(account):
        Invitation.objects.update(**fields)


def entries(account):
    with tenant_context(account):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_email", "data"))


# Inviting ----------------------------------------------------------------------------------------------------------


def test_admin_invites_and_the_link_is_mailed(client, acme, admin):
    session = client.as_(admin, at=acme)
    answer = session.json("POST", URL, {"email": "Nina@Example.com", "role": "viewer"})
    data = answer.json()
    assert (answer.status_code, data["email"], data["role"]) == (201, "nina@example.com", "viewer")
    assert data["invited_by"] == str(membership_of(admin, acme).pk)
    assert set(data) == {"id", "email", "role", "invited_by", "created_at", "expires_at"}
    assert timedelta(days=6, hours=23) < parse_datetime(data["expires_at"]) - timezone.now() <= timedelta(days=7)
    assert session.get(URL).json()["results"] == [data] == [session.get(f"{URL}{data['id']}/").json()]
    (message,) = post()
    assert (message.to, message.subject) == (["nina@example.com"], "“Charlie” invites you to “Acme”")
    assert "Viewer" in message.body
    host, token = link_in(message)
    assert host == "acme.localhost:8000"
    html = message.alternatives[0].content
    assert f'href="http://acme.localhost:8000/invitations/{token}/"' in html
    assert 'href="http://acme.localhost:8000/">Acme</a>' in html
    invited = {"email": "nina@example.com", "role": "viewer"}
    assert entries(acme) == [("invitation.created", "charlie@example.com", invited)]


def test_invitation_without_a_role_is_for_a_member(client, alice):
    assert client.as_(alice).json("POST", URL, {"email": "nina@example.com"}).json()["role"] == "member"


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_members_and_viewers_cannot_create_or_list_invitations(client, acme, alice, bob, vera, request, who):
    row, _token = invite(client, alice, acme)
    session, url = client.as_(request.getfixturevalue(who)), f"{URL}{row['id']}/"
    answers = [session.json(method, URL, {"email": "x@example.com"}) for method in ("GET", "POST")]
    answers += [session.json("GET", url), session.json("DELETE", url), session.json("POST", f"{url}resend/")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "permission_denied")}
    assert post() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": ""},
        {"email": None},
        {"email": "nina"},
        {"email": "nina@example.com\nBcc: all@example.com"},
        {"email": f"{'x' * 250}@example.com"},
        {"email": "nina@example.com", "role": "owner"},
        {"email": "nina@example.com", "role": "boss"},
        {"email": "nina@example.com", "token": "x"},
        {"email": "bob@example.com"},
        {"email": "Bob@Example.com", "role": "admin"},
    ],
    ids=str,
)
def test_invalid_invitation_is_refused_and_nothing_is_mailed(client, alice, bob, body):
    response = client.as_(alice).json("POST", URL, body)
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)
    assert not OutboxJob.objects.exists()


def test_address_has_one_open_invitation(client, acme, alice, admin):
    row, first = invite(client, alice, acme)
    again = client.as_(admin, at=acme).json("POST", URL, {"email": "NINA@example.com"})
    assert (again.status_code, list(again.json()["errors"])) == (400, ["email"])
    client.as_(alice).delete(f"{URL}{row['id']}/")
    row, second = invite(client, alice, acme)
    change(acme, expires_at=timezone.now())
    _row, third = invite(client, alice, acme)
    assert [accept(client, acme, token, **NEW).status_code for token in (first, second, third)] == [404, 404, 201]


def test_invitation_does_not_reveal_whether_a_user_exists(client, acme, alice, mallory):
    known, unknown = (
        client.as_(alice).json("POST", URL, {"email": f"{name}@example.com"}) for name in ("mallory", "absent")
    )
    assert known.status_code == unknown.status_code == 201
    assert {name for name in known.json() if known.json()[name] != unknown.json()[name]} <= {
        *("id", "email", "created_at", "expires_at")
    }
    first, second = (message.body.splitlines() for message in post())
    assert [line for line in first if "http" not in line and "until" not in line] == [
        line for line in second if "http" not in line and "until" not in line
    ]


def test_two_accounts_invite_the_same_address(client, acme, globex, alice, mallory):
    _row, ours = invite(client, alice, acme)
    _row, theirs = invite(client, mallory, globex)
    assert accept(client, acme, ours, **NEW).status_code == 201
    assert accept(client, globex, theirs, password=NEW["password"]).status_code == 201


def test_refused_write_sends_no_mail(acme, alice):
    with tenant_context(acme), pytest.raises(RuntimeError), transaction.atomic():
        invitations.invite(actor=membership_of(alice, acme), email="nina@example.com")
        raise RuntimeError
    assert post() == []


def test_database_refuses_an_invitation_as_owner(acme, alice):
    with (
        tenant_context(acme),
        pytest.raises(IntegrityError, match="invitation_role_is_not_owner"),
        transaction.atomic(),
    ):
        row = {"invited_by": membership_of(alice, acme), "expires_at": timezone.now()}
        Invitation.objects.create(email="x@example.com", role="owner", **row)


# The mail ----------------------------------------------------------------------------------------------------------


def test_link_uses_the_stored_domain_and_not_the_requested_host(client, acme, globex, alice):
    Domain.objects.create(tenant=acme, host="tasks.acme.example", is_primary=True)
    session = client.as_(alice)
    token = session.json("POST", "/api/v1/tokens/", {"name": "CI"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-Host": "evil.example"}
    answer = client.generic(
        "POST", URL, '{"email": "nina@example.com"}', content_type="application/json", headers=headers
    )
    assert answer.status_code == 201  # asked at the public host
    (message,) = post()
    assert link_in(message)[0] == "tasks.acme.example:8000"


def test_token_of_a_link_is_not_stored(client, acme, alice):
    answer = client.as_(alice).json("POST", URL, {"email": "nina@example.com"})
    job = OutboxJob.objects.get()
    assert (job.name, set(job.kwargs)) == ("accounts.mail_invitation", {"invitation_id"})
    (message,) = post()
    token = link_in(message)[1]
    with tenant_context(acme):
        assert token not in str([*Invitation.objects.values(), *AuditEntry.objects.values()])
    assert token not in answer.content.decode()


def test_repeated_job_mails_once_and_late_job_mails_nothing(client, acme, alice):
    from accounts.jobs import mail_invitation

    row, token = invite(client, alice, acme)
    with tenant_context(acme):
        mail_invitation(invitation_id=UUID(row["id"]))
    assert post() == []
    client.as_(alice).json("POST", f"{URL}{row['id']}/resend/")
    client.as_(alice).delete(f"{URL}{row['id']}/")
    assert post() == []
    assert accept(client, acme, token, **NEW).status_code == 404


def test_names_are_escaped_in_the_mail(client, acme, alice):
    type(acme).objects.update(name="Acme <b>& Sons</b>")
    alice.name = "Alice <script>"
    alice.save()
    client.as_(alice).json("POST", URL, {"email": "nina@example.com"})
    (message,) = post()
    html = message.alternatives[0].content
    assert "“Alice &lt;script&gt;” invites you to “Acme &lt;b&gt;&amp; Sons&lt;/b&gt;”" in html
    assert "“Alice <script>” invites you to “Acme <b>& Sons</b>”" in message.body


def test_name_cannot_inject_a_mail_header(client, acme, alice):
    type(acme).objects.filter(pk=acme.pk).update(name="Acme\nBcc: all@example.com")
    type(alice).objects.filter(pk=alice.pk).update(name="<b>Alice</b> & Co")
    client.as_(alice).json("POST", URL, {"email": "nina@example.com"})
    (message,) = post()
    assert message.subject == "“<b>Alice</b> & Co” invites you to “Acme Bcc: all@example.com”"
    assert message.recipients() == ["nina@example.com"]


# Sending again and taking back ---------------------------------------------------------------------------------------


def test_resent_invitation_has_a_new_link_and_expiry(client, acme, alice):
    row, first = invite(client, alice, acme)
    change(acme, expires_at=timezone.now() - timedelta(days=1), asked_at=timezone.now() - timedelta(days=8))
    assert accept(client, acme, first, **NEW).status_code == 404
    answer = client.as_(alice).json("POST", f"{URL}{row['id']}/resend/")
    assert answer.status_code == 200
    assert parse_datetime(answer.json()["expires_at"]) > timezone.now() + timedelta(days=6)
    assert accept(client, acme, first, **NEW).status_code == 404  # also before the mail is sent
    (message,) = post()
    assert accept(client, acme, first, **NEW).status_code == 404
    assert accept(client, acme, link_in(message)[1], **NEW).status_code == 201
    assert [action for action, *_ in entries(acme)] == [*("invitation.created", "invitation.resent", "member.joined")]


def test_revoked_invitation_is_gone(client, acme, alice):
    row, token = invite(client, alice, acme)
    session, url = client.as_(alice), f"{URL}{row['id']}/"
    assert session.delete(url).status_code == 204
    assert session.get(URL).json()["results"] == []
    assert [
        session.json(*each).status_code for each in (("GET", url), ("DELETE", url), ("POST", f"{url}resend/"))
    ] == [404] * 3
    assert accept(client, acme, token, **NEW).status_code == 404
    assert entries(acme)[-1] == ("invitation.revoked", "alice@example.com", {"email": row["email"], "role": "member"})


def test_invitations_of_other_accounts_are_not_found(client, acme, globex, alice, mallory):
    row, _token = invite(client, alice, acme)
    session = client.as_(mallory)
    for method, end in (("GET", ""), ("DELETE", ""), ("POST", "resend/")):
        answers = [session.json(method, f"{URL}{each}/{end}") for each in (row["id"], uuid4())]
        assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert post() == []


def test_patch_is_not_allowed(client, acme, alice):
    row, _token = invite(client, alice, acme)
    assert client.as_(alice).json("PATCH", f"{URL}{row['id']}/", {"role": "admin"}).status_code == 405


# Quotas ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def nearly_full(acme, alice):
    """Acme on the smallest plan, with four of five members."""
    acme.plan = Plan.FREE
    acme.save()
    for number in range(3):
        join(make_user(f"person-{number}"), acme, "member")
    return acme


def test_open_invitations_count_as_members(client, nearly_full, alice):
    row, _token = invite(client, alice, nearly_full)
    session, body = client.as_(alice), {"email": "nora@example.com"}
    refused = session.json("POST", URL, body)
    assert (refused.status_code, refused.json()["code"]) == (402, "quota_exceeded")
    change(nearly_full, expires_at=timezone.now(), asked_at=timezone.now() - timedelta(days=7))
    # One that has expired does not.
    assert session.json("POST", URL, body).status_code == 201
    assert session.json("POST", f"{URL}{row['id']}/resend/").status_code == 402


def test_acceptance_needs_a_free_place(client, nearly_full, alice):
    _row, token = invite(client, alice, nearly_full)
    join(make_user("second"), nearly_full, "member")
    assert accept(client, nearly_full, token, **NEW).status_code == 402
    with tenant_context(nearly_full):
        type(membership_of(alice, nearly_full)).objects.filter(role="member").update(ended_at=timezone.now())
    assert accept(client, nearly_full, token, **NEW).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_last_invitation_succeeds(nearly_full, alice, at_once):
    owner = membership_of(alice, nearly_full)
    emails = [f"nina-{number}@example.com" for number in range(3)]
    errors = at_once(*[lambda email=email: invitations.invite(actor=owner, email=email) for email in emails])
    assert [type(error) for error in errors] == [QuotaExceeded] * 2
    assert OutboxJob.objects.count() == 1


def test_pending_and_revoked_invitations_count_towards_the_limit(client, acme, globex, alice, mallory, few):
    row, _token = invite(client, alice, acme, "one@example.com")
    invite(client, alice, acme, "two@example.com")
    session = client.as_(alice)
    refused = session.json("POST", URL, {"email": "three@example.com"})
    assert (refused.status_code, refused.json()["code"]) == (402, "quota_exceeded")
    assert "2 invitations that were not accepted" in refused.json()["detail"]
    page = session.post("/settings/members/", {"email": "three@example.com", "role": "member"})
    assert page.status_code == 402
    assert "2 invitations that were not accepted" in page.content.decode()
    assert "2 of 2" in session.get("/settings/plan/").content.decode()
    assert post() == []
    invite(client, mallory, globex, "three@example.com")  # of another account
    assert session.delete(f"{URL}{row['id']}/").status_code == 204
    assert session.json("POST", URL, {"email": "three@example.com"}).status_code == 402  # its mail was sent
    change(acme, asked_at=timezone.now() - timedelta(days=1))
    assert session.json("POST", URL, {"email": "three@example.com"}).status_code == 201
    assert session.json("POST", URL, {"email": "four@example.com"}).status_code == 402


def test_accepted_and_expired_invitations_free_their_place_until_resent(client, acme, alice, few):
    row, _token = invite(client, alice, acme, "one@example.com")
    _row, token = invite(client, alice, acme)
    assert accept(client, acme, token, **NEW).status_code == 201
    invite(client, alice, acme, "two@example.com")
    session, long_ago = client.as_(alice), timezone.now() - timedelta(days=9)
    with tenant_context(acme):
        Invitation.objects.filter(pk=row["id"]).update(asked_at=long_ago, expires_at=long_ago)
    invite(client, alice, acme, "three@example.com")
    assert session.json("POST", f"{URL}{row['id']}/resend/").status_code == 402

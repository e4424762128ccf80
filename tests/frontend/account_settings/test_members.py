"""/settings/members/: who belongs to the account, who is invited, and who may change that"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Account, AuditEntry, Invitation, Membership
from accounts.plans import Plan
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of
from tests.accounts.invitations import link_in, post

pytestmark = pytest.mark.django_db

URL = "/settings/members/"


def member_url(user, account, action):
    return f"{URL}{membership_of(user, account).pk}/{action}/"


def invited(account):
    with tenant_context(account):
        return Invitation.objects.get()


def roles(account):
    with tenant_context(account):
        members = Membership.objects.current().select_related("user")
        return {member.user.email.split("@")[0]: member.role for member in members}


def actions_of(account):
    with tenant_context(account):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


@pytest.fixture
def invite(client, acme, alice):
    """Alice invites a user a while ago, so that another mail may be sent."""
    client.as_(alice).post(URL, {"email": "nina@example.com", "role": "member"})
    with tenant_context(acme):
        Invitation.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    post()
    return invited(acme)


# Seeing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_members_and_viewers_see_the_list_and_no_more(client, page, acme, alice, bob, vera, invite, request, who):
    shown = page(client.as_(request.getfixturevalue(who)).get(URL))
    assert "Alice" in shown.text
    assert "alice@example.com" in shown.text
    assert "nina@example.com" not in shown.text
    assert shown.forms == []
    assert not [link for link in shown.links if link.endswith(("/remove/", "/transfer/"))]


def test_an_admin_is_offered_what_an_admin_may(client, page, acme, alice, admin, bob, invite):
    shown = page(client.as_(admin).get(URL))
    assert set(shown.forms) == {
        URL,
        member_url(bob, acme, "role"),
        f"/settings/invitations/{invite.pk}/resend/",
        f"/settings/invitations/{invite.pk}/revoke/",
    }
    assert member_url(bob, acme, "remove") in shown.links
    assert member_url(alice, acme, "remove") not in shown.links  # the owner
    assert f"{URL}transfer/" not in shown.links


def test_people_of_other_accounts_are_not_shown(client, page, alice, mallory, charlie):
    text = page(client.as_(alice).get(URL)).text
    assert "mallory" not in text
    assert "charlie" in text


def test_the_list_has_pages(client, page, acme, alice):
    for number in range(50):
        join(make_user(f"user-{number:02}"), acme, "member")
    session = client.as_(alice)
    assert "user-49@example.com" not in page(session.get(URL)).text
    assert "user-49@example.com" in page(session.get(f"{URL}?page=2")).text
    assert [session.get(f"{URL}?page={each}").status_code for each in ("3", "0", "x")] == [404, 404, 404]


# Inviting -----------------------------------------------------------------------------------------------------------


def test_admin_invites_a_user_by_mail(client, page, acme, admin):
    session = client.as_(admin)
    answer = session.post(URL, {"email": "Nina@example.com", "role": "viewer"})
    assert (answer.status_code, answer.url) == (302, URL)
    (message,) = post()
    assert message.to == ["nina@example.com"]
    assert link_in(message)[0] == "acme.localhost:8000"
    shown = page(session.get(URL))
    assert "The invitation was sent to Nina@example.com." in shown.text
    assert "nina@example.com" in shown.text


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"email": "", "role": "member"}, "This field is required."),
        ({"email": "nina", "role": "member"}, "Enter a valid email address."),
        ({"email": "bob@example.com", "role": "member"}, "This user is already a member of the account."),
        ({"email": "nina@example.com", "role": "member"}, "This address has already been invited."),
        ({"email": "other@example.com", "role": "owner"}, "is not one of the available choices"),
        ({"email": "other@example.com"}, "This field is required."),
        ({"email": "x\x00@example.com", "role": "member"}, "Null characters are not allowed."),
    ],
)
def test_an_error_stands_beside_its_field(client, page, alice, bob, invite, sent, error):
    answer = client.as_(alice).post(URL, sent)
    assert answer.status_code == 400
    assert error in page(answer).text
    assert post() == []


def test_a_full_plan_is_said_in_words(client, page, acme, alice, bob, vera):
    Account.objects.filter(pk=acme.pk).update(plan=Plan.FREE)
    for name in ("one", "two"):
        join(make_user(name), acme, "member")
    answer = client.as_(alice).post(URL, {"email": "nina@example.com", "role": "member"})
    assert answer.status_code == 402
    assert "The plan “Free” includes 5 members" in page(answer).text
    assert post() == []


# Invitations --------------------------------------------------------------------------------------------------------


def test_an_invitation_is_sent_again_and_revoked(client, page, acme, alice, invite):
    session, url = client.as_(alice), f"/settings/invitations/{invite.pk}/"
    assert session.post(f"{url}resend/").status_code == 302
    (message,) = post()
    assert message.to == ["nina@example.com"]
    assert session.post(f"{url}revoke/").status_code == 302
    assert "The invitation of nina@example.com was revoked." in page(session.get(URL)).text
    assert "nina@example.com" not in page(session.get(URL)).text
    assert client.at(acme).get(f"/invitations/{link_in(message)[1]}/").status_code == 404


def test_second_mail_within_a_minute_is_refused(client, page, acme, alice, invite):
    session, url = client.as_(alice), f"/settings/invitations/{invite.pk}/resend/"
    session.post(url)
    answer = session.post(url)
    assert answer.status_code == 429
    assert "The invitation was just sent. You can send it again in 60 seconds" in page(answer).text
    assert len(post()) == 1
    refused = session.json("POST", f"/api/v1/invitations/{invite.pk}/resend/")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60
    with tenant_context(acme):
        Invitation.objects.update(asked_at=timezone.now() - timedelta(seconds=61))
    assert session.post(url).status_code == 302


def test_an_expired_link_is_marked(client, page, acme, alice, invite):
    with tenant_context(acme):
        Invitation.objects.update(expires_at=timezone.now())
    assert "the link has expired" in page(client.as_(alice).get(URL)).text


# Changing -----------------------------------------------------------------------------------------------------------


def test_an_admin_changes_a_role(client, page, acme, alice, bob, admin):
    session = client.as_(admin)
    assert session.post(member_url(bob, acme, "role"), {"role": "viewer"}).status_code == 302
    assert roles(acme)["bob"] == "viewer"
    assert "The role of Bob was changed." in page(session.get(URL)).text


@pytest.mark.parametrize("sent", [{}, {"role": ""}, {"role": "owner"}, {"role": "king"}])
def test_invalid_role_shows_an_error_beside_the_member(client, page, acme, alice, bob, sent):
    answer = client.as_(alice).post(member_url(bob, acme, "role"), sent)
    assert answer.status_code == 400
    assert page(answer).all("span", role="alert")
    assert roles(acme)["bob"] == "member"


def test_an_admin_has_no_power_over_the_owner(client, acme, alice, admin):
    session = client.as_(admin)
    assert session.post(member_url(alice, acme, "role"), {"role": "viewer"}).status_code == 403
    assert session.post(member_url(alice, acme, "remove"), {"name": "Alice"}).status_code == 403
    assert roles(acme)["alice"] == "owner"


def test_the_last_owner_cannot_step_down(client, page, acme, alice):
    answer = client.as_(alice).post(member_url(alice, acme, "role"), {"role": "admin"})
    assert answer.status_code == 409
    assert "An account needs an owner." in page(answer).text


def test_removal_needs_the_typed_name(client, page, acme, alice, bob):
    session, url = client.as_(alice), member_url(bob, acme, "remove")
    assert "Type “Bob” to confirm" in page(session.get(url)).text
    for wrong in ({}, {"name": ""}, {"name": "Bo"}):
        assert session.post(url, wrong).status_code == 400
    assert "bob" in roles(acme)
    theirs = client.as_(bob)
    assert theirs.get("/").status_code == 200
    assert session.post(url, {"name": " bob "}).status_code == 302
    assert "bob" not in roles(acme)
    assert theirs.get("/").status_code == 302  # to log in, at once
    assert theirs.get(URL).url.startswith("/auth/login/")
    assert session.get(url).status_code == 404


def test_member_leaves_the_account(client, page, acme, alice, bob):
    session = client.as_(bob)
    asked = page(session.get(f"{URL}leave/"))
    assert "Leave Acme" in asked.text
    assert "You lose access at once." in asked.text
    (tab,) = asked.all("a", **{"class": "settings-tab", "aria-current": "true"})
    assert tab["href"] == URL
    assert roles(acme)["bob"] == "member"
    assert session.post(f"{URL}leave/").url == "/auth/login/"
    assert "bob" not in roles(acme)
    assert actions_of(acme)[-1] == "member.left"


def test_the_last_owner_cannot_leave(client, page, acme, alice, bob):
    answer = client.as_(alice).post(f"{URL}leave/")
    assert answer.status_code == 409
    assert "Transfer it to another member first." in page(answer).text
    assert roles(acme)["alice"] == "owner"


def test_the_owner_gives_the_account_away(client, page, acme, alice, bob):
    session, url = client.as_(alice), f"{URL}transfer/"
    asked = page(session.get(url))
    assert asked.all("option", value=str(membership_of(bob, acme).pk))
    assert "The new owner has all permissions" in asked.text
    sent = {"member": membership_of(bob, acme).pk, "name": "Acme"}
    for wrong in ({**sent, "name": "Globex"}, {"name": "Acme"}, {**sent, "member": uuid4()}, {**sent, "member": "x"}):
        assert session.post(url, wrong).status_code == 400
    assert session.post(url, sent).status_code == 302
    assert (roles(acme)["alice"], roles(acme)["bob"]) == ("admin", "owner")
    assert session.get(url).status_code == 403


def test_account_cannot_be_transferred_to_a_member_of_another_account(client, acme, globex, alice, mallory):
    sent = {"member": membership_of(mallory, globex).pk, "name": "Acme"}
    assert client.as_(alice).post(f"{URL}transfer/", sent).status_code == 400
    assert roles(acme) == {"alice": "owner"}


def test_account_cannot_be_transferred_to_a_former_member(client, acme, alice, bob):
    sent = {"member": membership_of(bob, acme).pk, "name": "Acme"}
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(ended_at=timezone.now())
    assert client.as_(alice).post(f"{URL}transfer/", sent).status_code == 400
    with tenant_context(acme):
        assert list(Membership.objects.filter(role="owner").values_list("user_id", flat=True)) == [alice.pk]


# Rights -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_members_and_viewers_do_nothing_to_others(client, acme, alice, bob, vera, charlie, invite, request, who):
    session, before = client.as_(request.getfixturevalue(who)), actions_of(acme)
    invitation = f"/settings/invitations/{invite.pk}"
    asked = [
        session.post(URL, {"email": "x@example.com", "role": "member"}),
        session.post(member_url(charlie, acme, "role"), {"role": "admin"}),
        session.post(member_url(request.getfixturevalue(who), acme, "role"), {"role": "owner"}),
        session.get(member_url(charlie, acme, "remove")),
        session.post(member_url(charlie, acme, "remove"), {"name": "Charlie"}),
        session.get(f"{URL}transfer/"),
        session.post(f"{URL}transfer/", {"member": membership_of(bob, acme).pk, "name": "Acme"}),
        session.post(f"{invitation}/resend/"),
        session.post(f"{invitation}/revoke/"),
    ]
    assert [answer.status_code for answer in asked] == [403] * len(asked)
    assert (actions_of(acme), post()) == (before, [])


def test_a_demoted_admin_has_lost_it_at_once(client, acme, alice, admin, bob):
    session = client.as_(admin)
    assert session.get(member_url(bob, acme, "remove")).status_code == 200
    client.as_(alice).post(member_url(admin, acme, "role"), {"role": "viewer"})
    assert session.get(member_url(bob, acme, "remove")).status_code == 403
    assert session.post(member_url(bob, acme, "role"), {"role": "viewer"}).status_code == 403


def test_a_forged_host_gets_nothing_and_links_are_the_stored_ones(client, acme, alice):
    session = client.as_(alice)
    sent = {"email": "nina@example.com", "role": "member"}
    forged = {"X-Forwarded-Host": "evil.example", "X-Tenant": "globex"}
    assert session.post(URL, sent, headers=forged).status_code == 302
    (message,) = post()
    assert link_in(message)[0] == "acme.localhost:8000"
    assert session.post(URL, sent, headers={"Host": "evil.example"}).status_code == 404
    assert session.post(URL, sent, headers={"Host": "evil example"}).status_code == 400


def test_non_members_log_in_first(client, acme, mallory):
    assert client.at(acme).get(URL).url == f"/auth/login/?next={URL}"
    assert client.as_(mallory, at=acme).get(URL).status_code == 302
    assert client.at(acme).post(URL, {"email": "x@example.com", "role": "member"}).status_code == 302

"""An invitation ends when its inviter loses the permission; acceptance checks the permission again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import members
from accounts.actions.user_deletion import delete_user
from accounts.models import AuditEntry, Invitation, Membership
from accounts.models.invitations import INVITERS
from accounts.permissions import PERMISSIONS
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.invitations import NEW, URL, accept, invite, link_in, post

pytestmark = pytest.mark.django_db


def test_inviters_are_members_who_may_manage_members():
    assert set(INVITERS) == PERMISSIONS["member.manage"].roles


def is_good(client, account, token):
    """Return whether the page of a link exists."""
    return client.at(account).get(f"/invitations/{token}/").status_code == 200


@pytest.mark.parametrize(
    ("end", "actor"),
    [
        (lambda owner, admin: members.remove_member(member=admin, actor=owner), "alice"),
        (lambda owner, admin: members.change_role(member=admin, actor=owner, role="member"), "alice"),
        (lambda owner, admin: members.leave_account(actor=admin), "charlie"),
        (lambda owner, admin: delete_user(user=admin.user), "charlie"),
    ],
    ids=["removed", "demoted", "left", "deleted"],
)
def test_invitations_end_when_the_inviter_loses_the_permission(client, acme, alice, admin, end, actor):
    """Otherwise a removed admin could return by an invitation to another of their addresses."""
    _row, token = invite(client, admin, acme, email="charlies-other@example.com", role="admin")
    _row, other = invite(client, alice, acme, email="nina@example.com")
    with tenant_context(acme):
        end(membership_of(alice, acme), membership_of(admin, acme))
        row = Invitation.objects.get(email="charlies-other@example.com")
        assert row.revoked_at is not None
        entry = AuditEntry.objects.get(action="invitation.revoked")
        assert (entry.object_id, entry.data) == (row.pk, {"email": row.email, "role": "admin"})
        assert entry.actor_email == f"{actor}@example.com"
    assert [is_good(client, acme, each) for each in (token, other)] == [False, True]
    assert accept(client, acme, token, **NEW).status_code == 404


@pytest.mark.parametrize("fields", [{"role": "member"}, {"ended_at": timezone.now()}], ids=["demoted", "removed"])
def test_link_needs_the_permission_of_its_inviter_at_acceptance(client, acme, admin, fields):
    """The check also covers invitations that are older than the rule."""
    _row, token = invite(client, admin, acme, role="admin")
    with tenant_context(acme):
        Membership.objects.filter(user_id=admin.pk).update(**fields)
    assert not is_good(client, acme, token)
    assert accept(client, acme, token, **NEW).status_code == 404


def test_invitation_of_an_inactive_inviter_is_invalid(client, acme, admin):
    _row, token = invite(client, admin, acme)
    type(admin).objects.filter(pk=admin.pk).update(is_active=False)
    assert not is_good(client, acme, token)


def test_invitation_resent_by_another_admin_stays_valid(client, acme, alice, admin):
    row, _token = invite(client, admin, acme)
    with tenant_context(acme):
        Invitation.objects.update(asked_at=timezone.now() - timedelta(hours=1))
        Membership.objects.filter(user_id=admin.pk).update(role="member")
        assert client.as_(alice, at=acme).json("POST", f"{URL}{row['id']}/resend/").status_code in (200, 204)
    (message,) = post()
    assert is_good(client, acme, link_in(message)[1])


def test_invitation_to_the_address_of_a_removed_member_ends(client, acme, alice, bob):
    _row, token = invite(client, alice, acme, email="bobs-new@example.com")
    type(bob).objects.filter(pk=bob.pk).update(email="bobs-new@example.com")
    with tenant_context(acme):
        members.remove_member(member=membership_of(bob, acme), actor=membership_of(alice, acme))
    assert not is_good(client, acme, token)

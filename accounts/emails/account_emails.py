"""Emails in the name of an account: invitations, and the notice that the account will be deleted."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.emails import sending
from accounts.emails.links import invitation_link
from accounts.models import Account, Invitation, Membership, Role
from tenancy.context import own_time_zone, require_active_tenant
from tenancy.routing import tenant_reverse


def send_invitation(*, invitation_id: UUID) -> None:
    """Send the link of an invitation, unless it was revoked or another job has sent it since it was requested."""
    waiting = Invitation.objects.valid().filter(pk=invitation_id, token_hash="")
    row = waiting.select_for_update(of=("self",), no_key=True).prefetch_related("invited_by__user").first()
    if row is None:
        return
    names = {"who": sending.quoted(row.invited_by.user), "account": sending.quoted(require_active_tenant())}
    subject = _("%(who)s invites you to %(account)s") % names
    context = {"invitation": row, "url": invitation_link(row)}
    sending.send(to=row.email, subject=subject, template="invitation", context=context)


def send_deletion_notice(*, actor_id: str) -> None:
    """Tell the owners that their account will be deleted, and where they can cancel that."""
    account = Account.objects.get(pk=require_active_tenant().pk)
    if account.deleting_since is None:
        return
    owners = Membership.objects.current().filter(role=Role.OWNER).prefetch_related("user")
    subject = _("%(account)s will be deleted") % {"account": sending.quoted(account)}
    context = {
        "who": Membership.objects.prefetch_related("user").get(pk=actor_id).user,
        "day": account.deleting_since + Account.DELETION_GRACE,
        "url": tenant_reverse("danger", tenant=account),
    }
    for owner in owners:
        with own_time_zone(owner.user.time_zone):
            sending.send(to=owner.user.email, subject=subject, template="deletion", context=context)

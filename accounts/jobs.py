"""Jobs of accounts: mails to people and of invitations, and clearing away what has expired."""

from datetime import datetime
from typing import cast
from uuid import UUID

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils.translation import gettext as _

from accounts import refusals
from accounts.actions import expiry, pictures
from accounts.actions.account_deletion import GRACE
from accounts.actions.account_erasure import erase_due_accounts
from accounts.actions.invitations import make_token
from accounts.emails import sending, user_emails
from accounts.models import Account, Invitation, Membership, Role
from tenancy.context import own_time_zone, require_active_tenant
from tenancy.jobs import SystemTask, TenantTask
from tenancy.routing import tenant_reverse


@shared_task(base=TenantTask, name="accounts.mail_invitation")
def mail_invitation(invitation_id: UUID) -> None:
    """Send the link of an invitation, unless it was revoked, or another job has sent it since it was asked for."""
    waiting = Invitation.objects.valid().filter(pk=invitation_id, token_hash="")
    row = waiting.select_for_update(of=("self",), no_key=True).prefetch_related("invited_by__user").first()
    if row is None:
        return
    account = cast(Account, require_active_tenant())
    url = tenant_reverse("invitation", tenant=account, kwargs={"token": make_token(row)})
    names = {"who": sending.quoted(row.invited_by.user), "account": sending.quoted(account)}
    subject = _("%(who)s invites you to %(account)s") % names
    sending.send(to=row.email, subject=subject, template="invitation", context={"invitation": row, "url": url})


class ClosingTask(TenantTask):
    """A job for an account that waits for being deleted, too."""

    abstract = True
    also_closing = True


@shared_task(base=ClosingTask, name="accounts.mail_deletion")
def mail_deletion(actor_id: str) -> None:
    """Tell the owners that their account will be deleted, and where they can call it off."""
    account = Account.objects.get(pk=require_active_tenant().pk)
    if account.deleting_since is None:
        return
    owners = Membership.objects.current().filter(role=Role.OWNER).prefetch_related("user")
    subject = _("%(account)s will be deleted") % {"account": sending.quoted(account)}
    context = {
        "who": Membership.objects.prefetch_related("user").get(pk=actor_id).user,
        "day": account.deleting_since + GRACE,
        "url": tenant_reverse("danger", tenant=account),
    }
    for owner in owners:
        with own_time_zone(owner.user.time_zone):
            sending.send(to=owner.user.email, subject=subject, template="deletion", context=context)


@shared_task(base=SystemTask, name="accounts.erase_deleted")
def erase_deleted() -> None:
    """Erase the accounts whose time has come. Killed in between, the next one goes on where it was."""
    erase_due_accounts()


@shared_task(base=TenantTask, name="accounts.send_letter")
def send_letter(kind: str, user_id: UUID) -> None:
    user_emails.send_letter(kind, user_id)


@shared_task(base=SystemTask, name="accounts.send_letter_of_public_site")
def send_letter_of_public_site(kind: str, user_id: str) -> None:
    """The same for what was asked for on the public site, in nobody's account."""
    user_emails.send_letter(kind, UUID(user_id))


@shared_task(base=TenantTask, name="accounts.log_in_refused")
def log_in_refused(user_id: str, confirm: bool, ip: str | None, at: str) -> None:
    refusals.record_refused_log_in(user_id=UUID(user_id), ip=ip, at=datetime.fromisoformat(at))
    if confirm:
        refusals.confirm_again(user_id=UUID(user_id))


@shared_task(base=SystemTask, name="accounts.log_in_refused_on_public_site")
def log_in_refused_on_public_site(user_id: str, confirm: bool) -> None:
    """The same on the public site, which is in nobody's account, and so in no log."""
    if confirm:
        refusals.confirm_again(user_id=UUID(user_id))


@shared_task(base=TenantTask, name="accounts.remove_expired")
def remove_expired(day: str) -> None:
    expiry.remove_expired()
    expiry.give_up_if_unconfirmed()


@shared_task(base=TenantTask, name="accounts.remove_picture", atomic=False)
def remove_picture(name: str) -> None:
    pictures.remove_picture(name=name)


@shared_task(base=TenantTask, name="accounts.sweep_pictures", atomic=False)
def sweep_pictures(day: str) -> None:
    pictures.sweep_pictures()


@shared_task(base=SystemTask, name="accounts.remove_expired_sessions")
def remove_expired_sessions() -> None:
    """Sessions are shared rows: they are looked up before a tenant is known."""
    SessionStore.clear_expired()

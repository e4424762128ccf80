"""Jobs of accounts: mails to people and of invitations, and clearing away what has expired."""

from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import clearing, mail, mailing
from accounts.invitations import make_token
from accounts.models import Account, Invitation
from tenancy.context import require_active_tenant
from tenancy.jobs import SystemTask, TenantTask
from tenancy.routing import tenant_reverse


@shared_task(base=TenantTask, name="accounts.mail_invitation")
def mail_invitation(invitation_id: UUID) -> None:
    """Send the link of an invitation, unless it was revoked, or another job has sent it since it was asked for."""
    waiting = Invitation.objects.valid().filter(pk=invitation_id, token_hash="")
    row = waiting.select_for_update(no_key=True).prefetch_related("invited_by__user").first()
    if row is None:
        return
    account = cast(Account, require_active_tenant())
    url = tenant_reverse("invitation", tenant=account, kwargs={"token": make_token(row)})
    names = {"who": row.invited_by.user, "account": account}
    subject = _("%(who)s invites you to %(account)s") % names
    with timezone.override(ZoneInfo(account.time_zone)):
        mail.send(to=row.email, subject=subject, template="invitation", context={"invitation": row, "url": url})


@shared_task(base=TenantTask, name="accounts.mail_person")
def mail_person(kind: str, user_id: UUID) -> None:
    mailing.mail_person(kind, user_id)


@shared_task(base=SystemTask, name="accounts.mail_person_in_public")
def mail_person_in_public(kind: str, user_id: str) -> None:
    """The same for what was asked for on the public site, in nobody's account."""
    mailing.mail_person(kind, UUID(user_id))


@shared_task(base=TenantTask, name="accounts.remove_expired")
def remove_expired(day: str) -> None:
    clearing.remove_expired()


@shared_task(base=SystemTask, name="accounts.remove_expired_sessions")
def remove_expired_sessions() -> None:
    """Sessions are shared rows: they are looked up before a tenant is known."""
    SessionStore.clear_expired()

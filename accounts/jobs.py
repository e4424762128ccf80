"""Jobs of accounts: mails to people and of invitations, and clearing away what has expired."""

from uuid import UUID

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts import clearing, mailing
from accounts.invitations import make_token
from accounts.models import Invitation
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
    account = require_active_tenant()
    url = tenant_reverse("invitation", tenant=account, kwargs={"token": make_token(row)})
    values = {"account": account, "invitation": row, "url": url}
    # A line break in a name would begin another header.
    subject = " ".join(render_to_string("mail/invitation/subject.txt", values).split())
    send_mail(subject, render_to_string("mail/invitation/body.txt", values), None, [row.email])


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

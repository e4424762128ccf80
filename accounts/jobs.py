"""Jobs that follow what happens to accounts and the people in them."""

from uuid import UUID

from celery import shared_task
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.invitations import make_token
from accounts.models import Invitation
from tenancy.context import require_active_tenant
from tenancy.jobs import TenantTask
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

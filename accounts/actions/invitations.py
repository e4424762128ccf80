"""Invitations: creating, sending and revoking them. `acceptance` turns them into memberships.

The link in the mail proves that the user reads the mail of the address, so the address counts as confirmed. The link's
token is made when the mail is sent and is not stored: rows have its hash, the outbox has ids. A link is looked up in
the active account only.
"""

import math
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone, lock_account
from accounts.actions.members import refuse_owner_role
from accounts.audit import record_audit
from accounts.exceptions import Gone, TooManyAttempts
from accounts.models import Invitation, Membership, Role, User
from accounts.quotas import require_room
from accounts.tokens import hash_of
from accounts.validation import validate_fields
from tenancy.jobs import enqueue

LIFETIME = timedelta(days=7)
BETWEEN_MAILS = timedelta(minutes=1)  # of one invitation


class SentJustNow(TooManyAttempts):
    """The mail was sent less than a minute ago; nothing was changed."""

    def __init__(self, wait: int) -> None:
        text = ngettext(
            "The invitation was just sent. You can send it again in %(wait)d second.",
            "The invitation was just sent. You can send it again in %(wait)d seconds.",
            wait,
        )
        super().__init__(wait, text % {"wait": wait})


@transaction.atomic
def invite(*, actor: Membership, email: str, role: str = Role.MEMBER) -> Invitation:
    """Invite an e-mail address. Raises PermissionDenied, ValidationError, QuotaExceeded.

    It does the same work whether or not a user has that address, so the response time reveals nothing.
    """
    lock_account()
    authorize(actor, "member.manage")
    refuse_owner_role(role)
    row = Invitation(email=email.lower(), role=role, invited_by=actor, expires_at=timezone.now() + LIFETIME)
    _refuse_known(row.email)
    validate_fields(row, {"email", "role"})
    require_room("members")
    require_room("invitations")
    row.save(force_insert=True)
    _record("invitation.created", row, actor)
    enqueue("accounts.mail_invitation", invitation_id=row.pk)
    return row


@transaction.atomic
def resend_invitation(*, invitation: Invitation, actor: Membership) -> None:
    """Send a new link with a new expiry; the link that was sent before becomes invalid.

    The invitation then belongs to `actor` and ends when they may not invite any more. Raises PermissionDenied,
    QuotaExceeded, SentJustNow, and Gone if it was accepted or revoked meanwhile.
    """
    lock_account()
    authorize(actor, "member.manage")
    row = _reread(invitation)
    now = timezone.now()
    if (wait := row.asked_at + BETWEEN_MAILS - now) > timedelta(0):
        raise SentJustNow(math.ceil(wait.total_seconds()))
    if not Invitation.objects.valid().filter(pk=row.pk).exists():  # it was not counted any more
        require_room("members")
        require_room("invitations")
    row.asked_at, row.expires_at, row.token_hash, row.invited_by = now, now + LIFETIME, "", actor
    row.save(update_fields=["asked_at", "expires_at", "token_hash", "invited_by"])
    _record("invitation.resent", row, actor)
    enqueue("accounts.mail_invitation", invitation_id=row.pk)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, actor: Membership) -> None:
    """Revoke an invitation; its link becomes invalid. Raises PermissionDenied, Gone as above."""
    lock_account()
    authorize(actor, "member.manage")
    row = _reread(invitation)
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    _record("invitation.revoked", row, actor)


def find_invitation(token: str) -> Invitation:
    """Return the invitation of the active account that belongs to a link. Raises Gone if the link is not valid."""
    found: Invitation | None = Invitation.objects.valid().filter(token_hash=hash_of(token)).first()
    if found is None:
        raise Gone
    return found


def _refuse_known(email: str) -> None:
    """Raise ValidationError for the address of a member, or of an open invitation. Revoke an expired one."""
    user = User.objects.filter(email=email).first() or User()  # a new id, so that both cases cost the same
    if Membership.objects.current().filter(user_id=user.pk).exists():
        raise ValidationError({"email": _("This user is already a member of the account.")})
    invited = Invitation.objects.open().filter(email=email)
    invited.filter(expires_at__lte=timezone.now()).update(revoked_at=timezone.now())
    if invited.exists():
        raise ValidationError({"email": _("This address has already been invited. Resend that invitation.")})


def _reread(invitation: Invitation) -> Invitation:
    return get_or_gone(Invitation.objects.open(), invitation.pk)


def _record(action: str, invitation: Invitation, actor: Membership) -> None:
    data = {"email": invitation.email, "role": invitation.role}
    record_audit(action=action, actor=actor, subject=invitation, data=data)

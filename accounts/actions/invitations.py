"""Invitations: who may become a member, and how they do.

The link in the mail is the proof that somebody reads it, so the address counts as confirmed. Its text is made when the
mail is sent and is kept nowhere: rows have a hash, the outbox has ids. A link is looked up in the active account, and
that of another one is not there.
"""

import math
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone, lock_person_with
from accounts.actions.members import lock_account, refuse_owner_role, take_in
from accounts.audit import record_audit
from accounts.exceptions import Conflicting, Gone, TooManyAttempts
from accounts.models import Invitation, Membership, Role, User
from accounts.quotas import require_room
from accounts.tokens import hash_of
from accounts.validation import validate_fields
from tenancy.jobs import enqueue

LIFETIME = timedelta(days=7)
BETWEEN_MAILS = timedelta(minutes=1)  # of one invitation: it is somebody else's mailbox


class KnownPerson(Conflicting):
    """Somebody has this address and a password already, and has to prove that they are it; nothing was changed."""


class SentJustNow(TooManyAttempts):
    """The mail was sent less than a minute ago; nothing was changed."""

    def __init__(self, wait: int) -> None:
        text = ngettext(
            "This was sent just now. Wait for %(wait)d second, and send it again.",
            "This was sent just now. Wait for %(wait)d seconds, and send it again.",
            wait,
        )
        super().__init__(wait, text % {"wait": wait})


# Inviting ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(*, actor: Membership, email: str, role: str = Role.MEMBER) -> Invitation:
    """Invite somebody by mail. Raises PermissionDenied, ValidationError, QuotaExceeded.

    It does the same, and takes as long, whether or not anybody has that address.
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
    """Send another link, which works for as long as a first one; the one that was sent before works no more.

    It is the invitation of `actor` from then on, and ends when they may not invite any more.

    Raises PermissionDenied, QuotaExceeded, SentJustNow, Gone for one that was accepted or revoked meanwhile.
    """
    lock_account()
    authorize(actor, "member.manage")
    row = _reread(invitation)
    now = timezone.now()
    if (wait := row.asked_at + BETWEEN_MAILS - now) > timedelta(0):
        raise SentJustNow(math.ceil(wait.total_seconds()))
    if not Invitation.objects.valid().filter(pk=row.pk).exists():  # it did not count any more
        require_room("members")
        require_room("invitations")
    row.asked_at, row.expires_at, row.token_hash, row.invited_by = now, now + LIFETIME, "", actor
    row.save(update_fields=["asked_at", "expires_at", "token_hash", "invited_by"])
    _record("invitation.resent", row, actor)
    enqueue("accounts.mail_invitation", invitation_id=row.pk)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, actor: Membership) -> None:
    """Take an invitation back; its link works no more. Raises PermissionDenied, Gone as above."""
    lock_account()
    authorize(actor, "member.manage")
    row = _reread(invitation)
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    _record("invitation.revoked", row, actor)


def make_token(invitation: Invitation) -> str:
    """Return the text of a new link, in the transaction that sends it; every earlier one works no more."""
    text = secrets.token_urlsafe(32)
    invitation.token_hash = hash_of(text)
    invitation.save(update_fields=["token_hash"])
    return text


# Accepting ---------------------------------------------------------------------------------------------------------


def find_invitation(token: str) -> Invitation:
    """Return the invitation of the active account that a link is of. Raises Gone when it does not work."""
    found: Invitation | None = Invitation.objects.valid().filter(token_hash=hash_of(token)).first()
    if found is None:
        raise Gone
    return found


def find_person(invitation: Invitation) -> User | None:
    """Return who was invited, if they have an account of their own and a password to prove it.

    Not somebody who signed up with that address and never showed that it is theirs: the link in the mail shows it.
    """
    user = User.objects.filter(email=invitation.email).first()
    return user if user is not None and user.has_usable_password() and user.is_confirmed else None


@transaction.atomic
def accept_invitation(*, token: str, user: User) -> Membership:
    """Make `user` a member, who has proved who they are and whose address was invited.

    Raises Gone for anybody else, for a link that does not work, and when the password was changed or all log-ins
    were ended since; AlreadyMember, QuotaExceeded.
    """
    invitation, invited = _lock(token)
    if invited is None or invited != user or invited.log_in_stamp != user.log_in_stamp:
        raise Gone
    return _accept(invitation, invited)


@transaction.atomic
def accept_as_new_person(*, token: str, name: str, password: str) -> Membership:
    """Make somebody a member who had no account of their own, and give them one.

    Raises Gone for a link that does not work, ValidationError, KnownPerson, QuotaExceeded.
    """
    invitation, invited = _lock(token)
    if invited is not None and not invited.is_active:
        raise Gone
    if find_person(invitation) is not None:
        raise KnownPerson(_("Somebody else changed this at the same time. Try again."))
    # One without a password was made for somebody who never set one: the link proves as much as that mail would have.
    # One whose address nobody has confirmed may be anybody's, who does not get in with their password any more.
    user = invited or User(email=invitation.email)
    user.name = name
    validate_fields(user, {"name"})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    user.save()
    return _accept(invitation, user)


def _lock(token: str) -> tuple[Invitation, User | None]:
    """Return an invitation, whose account is locked now, and who has its address, locked before. Raises Gone."""
    invited = lock_person_with(find_invitation(token).email)
    lock_account()
    return find_invitation(token), invited


def _accept(invitation: Invitation, user: User) -> Membership:
    require_room("members", Membership.objects.current())
    member = take_in(user=user, role=invitation.role)
    member.user = user
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    data = {"email": user.email, "role": member.role, "invitation": str(invitation.pk)}
    record_audit(action="member.joined", actor=member, subject=member, data=data)
    return member


def _refuse_known(email: str) -> None:
    """Raise ValidationError for the address of a member, or of an open invitation. One that has expired is dropped."""
    user = User.objects.filter(email=email).first() or User()  # with an id that nobody has: it costs the same
    if Membership.objects.current().filter(user_id=user.pk).exists():
        raise ValidationError({"email": _("This person is a member of the account already.")})
    invited = Invitation.objects.open().filter(email=email)
    invited.filter(expires_at__lte=timezone.now()).update(revoked_at=timezone.now())
    if invited.exists():
        raise ValidationError({"email": _("This address was invited already. Send that invitation again.")})


def _reread(invitation: Invitation) -> Invitation:
    return get_or_gone(Invitation.objects.open(), invitation.pk)


def _record(action: str, invitation: Invitation, actor: Membership) -> None:
    data = {"email": invitation.email, "role": invitation.role}
    record_audit(action=action, actor=actor, subject=invitation, data=data)

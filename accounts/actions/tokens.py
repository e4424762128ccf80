"""Log-ins with tokens: refresh token rotation with reuse detection, and personal access tokens."""

import secrets
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.actions.locks import PersonGone, lock_for_log_in, lock_person
from accounts.audit import record_audit
from accounts.models import ApiToken, Membership, RefreshFamily
from accounts.tokens import PREFIX_LENGTH, hash_of
from accounts.validation import validate_fields
from tenancy.context import require_active_tenant
from tenancy.tokens import InvalidToken, TenantRefreshToken, issue, read_refresh

# Refresh tokens ----------------------------------------------------------------------------------------------------


@transaction.atomic
def log_in(*, member: Membership) -> tuple[str, str]:
    """Return an access and a refresh token for a user whose password was right, the first of a new family.

    Raises PermissionDenied for a member who was removed since the password was checked, and when the password was
    changed or all log-ins were ended.
    """
    try:
        member.user = lock_for_log_in(member.user, stamp=member.user.log_in_stamp)
    except PersonGone as error:
        raise PermissionDenied(str(error)) from error
    authorize(member, "account.read")
    RefreshFamily.objects.filter(member=member, expires_at__lt=timezone.now()).delete()
    family = RefreshFamily(member=member)
    access, refresh = _issue(family, member)
    family.save(force_insert=True)
    record_audit(action="member.logged_in", actor=member, subject=member, data={"with": "token"})
    return access, refresh


def rotate(*, token: TenantRefreshToken, member: Membership) -> tuple[str, str]:
    """Refresh token rotation: return an access and a new refresh token, and invalidate the given one.

    Reuse detection: a token that was used before is in the possession of two parties, one of which stole it. It is
    unknown which one, so the whole family is revoked. Of two simultaneous requests with the same token, the second one
    revokes the family. Raises InvalidToken. Do not call it in a transaction, whose rollback would undo the revocation.
    """
    with transaction.atomic(durable=True):
        member = _reread(member, token)
        family = RefreshFamily.objects.select_for_update().filter(pk=token.family_id, member=member).first()
        if family is not None and _accepts(family, token, member):
            pair = _issue(family, member)
            family.last_used_at = timezone.now()
            family.save(update_fields=["current_token_id", "expires_at", "last_used_at"])
            return pair
        if family is not None:
            _revoke(token.family_id)
    raise InvalidToken("The token was used before or revoked.")


def revoke(*, token: TenantRefreshToken) -> None:
    """Revoke the family of a refresh token, if it is not revoked already. Raises InvalidToken for an unknown one."""
    if not RefreshFamily.objects.filter(pk=token.family_id, member__user_id=token.user_id).exists():
        raise InvalidToken("The token belongs to no log-in.")
    _revoke(token.family_id)


def is_current(*, token: TenantRefreshToken, member: Membership) -> bool:
    """Return whether `rotate()` would accept the token; changes nothing."""
    family = RefreshFamily.objects.filter(pk=token.family_id, member=member).first()
    return family is not None and _accepts(family, token, member)


def _issue(family: RefreshFamily, member: Membership) -> tuple[str, str]:
    # The stamp is in the tokens: a person's families are rows of many accounts, and no account sees those of others.
    tenant, stamp = require_active_tenant(), member.user.password_stamp
    access, refresh = issue(user_id=member.user_id, tenant=tenant, family_id=family.pk, stamp=stamp)
    family.follow(read_refresh(refresh))
    return access, refresh


def _accepts(family: RefreshFamily, token: TenantRefreshToken, member: Membership) -> bool:
    """Return whether the token is the family's current one, from after the last change of the person's password."""
    return family.accepts(token) and constant_time_compare(token.stamp, member.user.password_stamp)


def _reread(member: Membership, token: TenantRefreshToken) -> Membership:
    """Return the member of a token with the person, who is locked. Raises InvalidToken when the log-in has ended."""
    try:
        member.user = lock_person(member.user)
    except PersonGone as error:
        raise InvalidToken("The person of the token is gone.") from error
    if not member.user.is_active or not member.user.accepts_log_in_of(token.issued_at):
        raise InvalidToken("The log-in of the token has ended.")
    return member


def _revoke(family_id: UUID) -> None:
    RefreshFamily.objects.filter(pk=family_id, revoked_at=None).update(revoked_at=timezone.now())


# Personal tokens ---------------------------------------------------------------------------------------------------


@transaction.atomic
def create_personal_token(*, actor: Membership, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Create a personal token of `actor`. Return it with its text, which is not stored.

    Raises PermissionDenied, ValidationError.
    """
    authorize(actor, "token.manage")
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("Must be in the future.")})
    text = f"chp_{require_active_tenant().pk.hex}_{secrets.token_hex(32)}"
    row = ApiToken(member=actor, name=name, expires_at=expires_at)
    validate_fields(row, {"name"})
    row.prefix, row.text_hash = text[:PREFIX_LENGTH], hash_of(text)
    row.save(force_insert=True)
    record_audit(action="token.created", actor=actor, subject=row, data={"name": name})
    return row, text


@transaction.atomic
def revoke_personal_token(*, token: ApiToken, actor: Membership) -> None:
    """Revoke one of `actor`'s own tokens, at once and permanently. Raises PermissionDenied."""
    authorize(actor, "token.manage")
    if ApiToken.objects.filter(pk=token.pk, member=actor, revoked_at=None).update(revoked_at=timezone.now()):
        record_audit(action="token.revoked", actor=actor, subject=token, data={"name": token.name})

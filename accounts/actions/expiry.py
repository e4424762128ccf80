"""The removal of expired rows, and of accounts whose sign-up was not confirmed."""

from datetime import timedelta
from typing import cast

from django.db.models import Q
from django.utils import timezone

from accounts.actions.account_erasure import begin_to_erase
from accounts.actions.user_deletion import forget_person
from accounts.models import Account, ApiToken, IdempotencyKey, Membership, PlacedIdempotencyKey, RefreshFamily, User
from tenancy.context import require_active_tenant

UNCONFIRMED = timedelta(days=3)  # the lifetime of the link in the mail
KEPT = timedelta(days=90)  # expired and revoked tokens, so that members can look them up


def remove_expired() -> int:
    """Delete idempotency keys of the control plane, log-ins and personal tokens that have expired; return how many."""
    now = timezone.now()
    long_ago = now - KEPT
    expired = (
        IdempotencyKey.objects.filter(created_at__lt=now - IdempotencyKey.LIFETIME),
        RefreshFamily.objects.filter(expires_at__lt=now),
        ApiToken.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
    )
    return sum(rows.delete()[0] for rows in expired)


def remove_expired_content() -> int:
    """Delete idempotency keys of content that have expired; return how many."""
    old = PlacedIdempotencyKey.objects.filter(created_at__lt=timezone.now() - PlacedIdempotencyKey.LIFETIME)
    return int(old.delete()[0])


def give_up_if_unconfirmed() -> bool:
    """Have the active account erased if its sign-up was not confirmed in time; return whether it was."""
    account = cast(Account, require_active_tenant())
    if account.created_at > timezone.now() - UNCONFIRMED or not is_unconfirmed():
        return False
    for member in Membership.objects.prefetch_related("user"):
        forget_person(member.user)
    begin_to_erase(account)
    return True


def is_unconfirmed() -> bool:
    """Return whether the sign-up of the active account is not confirmed yet.

    Such an account has one member, who has chosen a password and not confirmed the address, or no member: see
    `accounts.actions.sign_up`. An owner whom an operator has named has no password yet; such an account is kept.
    """
    members = list(Membership.objects.prefetch_related("user")[:2])
    return len(members) < 2 and all(_never_confirmed(member.user) for member in members)


def _never_confirmed(user: User) -> bool:
    return user.has_usable_password() and user.last_login is None and not user.is_confirmed

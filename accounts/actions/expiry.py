"""What has expired, and means nothing to anybody any more."""

from datetime import timedelta
from typing import cast

from django.db.models import Q
from django.utils import timezone

from accounts.actions.account_erasure import begin_to_erase
from accounts.actions.user_deletion import forget_person
from accounts.models import Account, ApiToken, IdempotencyKey, Membership, RefreshFamily, User
from tenancy.context import require_active_tenant

UNCONFIRMED = timedelta(days=3)  # for which the link in the mail works
KEPT = timedelta(days=90)  # a token that works no more, for whoever asks what became of it


def remove_expired() -> int:
    """Delete idempotency keys, log-ins and personal tokens that have expired; return how many."""
    now = timezone.now()
    long_ago = now - KEPT
    expired = (
        IdempotencyKey.objects.filter(created_at__lt=now - IdempotencyKey.LIFETIME),
        RefreshFamily.objects.filter(expires_at__lt=now),
        ApiToken.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
    )
    return sum(rows.delete()[0] for rows in expired)


def give_up_if_unconfirmed() -> bool:
    """Give up the active account if nobody has confirmed in time that they signed up for it; say whether."""
    account = cast(Account, require_active_tenant())
    if account.created_at > timezone.now() - UNCONFIRMED or not is_unconfirmed():
        return False
    for member in Membership.objects.prefetch_related("user"):
        forget_person(member.user)
    begin_to_erase(account)
    return True


def is_unconfirmed() -> bool:
    """Say whether nobody has confirmed yet that they signed up for the active account.

    That is an account of one person, who has chosen a password and not shown that the address is theirs, or of nobody:
    see `accounts.actions.sign_up`. Whom an operator has made an owner has no password yet, and is waited for.
    """
    members = list(Membership.objects.prefetch_related("user")[:2])
    return len(members) < 2 and all(_never_confirmed(member.user) for member in members)


def _never_confirmed(user: User) -> bool:
    return user.has_usable_password() and user.last_login is None and not user.is_confirmed

"""Sign-ups that came to nothing: accounts and people of addresses that nobody has ever confirmed.

Without an end they would keep names of accounts for good, for whoever signs up often enough. Accounts that an operator
made, for somebody who takes their time, are not meant: their owner was known, or has no password yet.
"""

from datetime import datetime, timedelta

import structlog
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.erasing import begin_to_erase
from accounts.models import Account, Membership, User
from tenancy.context import as_user, tenant_context

logger = structlog.get_logger("accounts.unclaimed")

PATIENCE = timedelta(days=7)  # the link in the mail works for three
LOOKED_AT = timedelta(days=30)  # so long an account may be found, and older ones need not be asked every day
AT_ONCE = timedelta(minutes=1)  # a sign-up makes person and account in one transaction


def remove_unclaimed() -> int:
    """Have accounts erased that nobody claimed, and delete people who have no account left; return how many.

    What it begins, the job that erases accounts ends, and the day after nobody refers to their owners any more.
    """
    until = timezone.now() - PATIENCE
    recent = Account.objects.filter(created_at__range=(until - LOOKED_AT, until), deleting_since=None)
    return sum(map(_give_up, recent)) + sum(map(_forget, _strangers(until)))


@transaction.atomic
def _give_up(account: Account) -> bool:
    with tenant_context(account):
        members = list(Membership.objects.all()[:2])
    if len(members) > 1:
        return False
    if members:
        strangers = _strangers(timezone.now() - PATIENCE).filter(pk=members[0].user_id)
        owner = strangers.select_for_update().first()
        if owner is None or not abs(account.created_at - owner.date_joined) < AT_ONCE:
            return False
    begin_to_erase(account)
    logger.info("unclaimed", account=account.slug)
    return True


@transaction.atomic
def _forget(user: User) -> bool:
    """Delete somebody who belongs nowhere, unless they have come meanwhile."""
    with as_user(user):
        if Membership.objects.exists():
            return False
    found = _strangers(timezone.now() - PATIENCE).filter(pk=user.pk).select_for_update().first()
    if found is None:
        return False
    found.delete()
    return True


def _strangers(until: datetime) -> QuerySet[User]:
    """Return those who chose a password before `until` and have never shown that the address is theirs."""
    shown = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    people = User.objects.filter(date_joined__lt=until, last_login=None, is_staff=False, is_superuser=False)
    return people.exclude(Exists(shown)).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)

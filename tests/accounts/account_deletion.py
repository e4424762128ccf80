"""Helpers of tests of account deletion and erasure."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account


def pass_time(account, days=14):
    """Set the start of an account's deletion to `days` ago, and return the account."""
    since = timezone.now() - timedelta(days=days)
    Account.objects.filter(pk=account.pk).update(deleting_since=since, suspended_at=since)
    return Account.objects.get(pk=account.pk)

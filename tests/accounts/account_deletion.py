"""What tests of the end of accounts share."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account


def pass_time(account, days=14):
    """Have an account been waiting to be deleted for so long, and return it."""
    since = timezone.now() - timedelta(days=days)
    Account.objects.filter(pk=account.pk).update(deleting_since=since, suspended_at=since)
    return Account.objects.get(pk=account.pk)

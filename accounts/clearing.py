"""What has expired, and means nothing to anybody any more."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken, IdempotencyKey, RefreshFamily
from accounts.rest.idempotency import LIFETIME

KEPT = timedelta(days=90)  # a token that works no more, for whoever asks what became of it


def remove_expired() -> int:
    """Delete idempotency keys, log-ins and personal tokens that have expired; return how many."""
    now = timezone.now()
    long_ago = now - KEPT
    expired = (
        IdempotencyKey.objects.filter(created_at__lt=now - LIFETIME),
        RefreshFamily.objects.filter(expires_at__lt=now),
        ApiToken.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
    )
    return sum(rows.delete()[0] for rows in expired)

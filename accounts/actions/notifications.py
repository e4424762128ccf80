"""Notifications of members: a row in the inbox, and an email to members who want one."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.actions.authorization import authorize
from accounts.models import Membership, Notification
from tenancy.jobs import enqueue
from tenancy.places import atomic

READ_IS_KEPT = timedelta(days=90)
PAGE = 500  # rows of one INSERT


def notify(notifications: Iterable[Notification]) -> int:
    """Create notifications, with a job for each email, and return how many.

    Call it in the transaction of the event. The job checks whether the email is still wanted.
    """
    rows: Sequence[Notification] = Notification.objects.bulk_create(notifications, batch_size=PAGE)
    for row in rows:
        if row.member.mail_notifications:
            enqueue("accounts.mail_notification", notification_id=str(row.pk))
    return len(rows)


@atomic
def mark_read(*, notification: Notification, actor: Membership) -> None:
    """Mark a notification of `actor` as read; a read one does not change. Raises PermissionDenied."""
    authorize(actor, "notification.read")
    rows = Notification.objects.visible_to(actor).unread()
    rows.filter(pk=notification.pk).update(read_at=timezone.now())


@atomic
def mark_all_read(*, actor: Membership) -> int:
    """Mark all of `actor`'s own as read, and return how many were not. Raises PermissionDenied."""
    authorize(actor, "notification.read")
    changed: int = Notification.objects.visible_to(actor).unread().update(read_at=timezone.now())
    return changed


def remove_old_notifications() -> int:
    """Delete notifications that were read long ago and those whose subject was deleted, and return how many."""
    old: int = Notification.objects.filter(read_at__lt=timezone.now() - READ_IS_KEPT).delete()[0]
    gone: int = Notification.objects.without_subject().delete()[0]
    return old + gone

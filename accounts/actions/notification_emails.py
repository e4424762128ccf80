"""Emails of notifications and the daily digest: whether each is still wanted is checked when it is sent."""

from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.emails import notification_emails
from accounts.extensions import digest_sections, notification_kinds
from accounts.models import Membership, Notification
from accounts.models.subjects import with_subjects
from tenancy.context import own_time_zone
from tenancy.jobs import enqueue

MOST_NOTIFICATIONS = 20  # in a digest


def mail_notification(*, notification_id: UUID) -> bool:
    """Send the email of a notification once, and return whether this call sent it. Called in a transaction.

    It is not sent to members who left, lost access to the subject or switched emails off, nor if its kind says that it
    is not wanted any more.
    """
    found = Notification.objects.prefetch_related("member__user", "actor__user")
    notification = found.filter(pk=notification_id, mailed_at=None).first()
    if notification is None or not _is_wanted(notification):
        return False
    # The row is locked from here to the commit: a second job that does the same waits, and then finds it sent.
    if not Notification.objects.filter(pk=notification_id, mailed_at=None).update(mailed_at=timezone.now()):
        return False
    notification_emails.send_notification(notification)
    return True


def request_digests(*, day: date) -> int:
    """Enqueue the digest of each member who wants one, and return how many. Called in a transaction."""
    members = Membership.objects.current().filter(mail_digest=True).values_list("pk", flat=True)
    for member_id in members:
        enqueue("accounts.mail_digest", member_id=str(member_id), day=day.isoformat())
    return len(members)


def mail_digest(*, member_id: UUID, day: date) -> bool:
    """Enqueue the sending of a member's digest of `day`, once a day, and return whether this call did.

    Called in a transaction. Another job sends it: this one has the membership locked, and all writes of the member
    would wait until the mail server has answered.
    """
    due = Q(digest_day=None) | Q(digest_day__lt=day)
    if not Membership.objects.current().filter(due, pk=member_id, mail_digest=True).update(digest_day=day):
        return False
    enqueue("accounts.send_digest", member_id=str(member_id), day=day.isoformat())
    return True


def send_digest(*, member_id: UUID, day: date) -> bool:
    """Send a member the digest of `day`, and return whether it was sent: an empty one is not."""
    member = Membership.objects.current().filter(pk=member_id, mail_digest=True).prefetch_related("user").first()
    if member is None or not member.user.is_active:
        return False
    with own_time_zone(member.user.time_zone):
        sections = [section for make in digest_sections if (section := make(member)) is not None]
    unread = Notification.objects.visible_to(member).unread().prefetch_related("actor__user")
    news = with_subjects(unread[:MOST_NOTIFICATIONS], member, notification_kinds)
    if not (sections or news):
        return False
    notification_emails.send_digest(member, day=day, sections=sections, notifications=news)
    return True


def _is_wanted(notification: Notification) -> bool:
    """Return whether to send the email, with `subject` set on the notification if so."""
    member = notification.member
    if member.ended_at is not None or not member.user.is_active or not member.mail_notifications:
        return False
    if not with_subjects([notification], member, notification_kinds):
        return False
    return notification_kinds[notification.kind].is_wanted(notification, notification.subject)

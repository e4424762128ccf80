"""Whether a mail is still right to send, asked when it is sent: between that and its cause much may have changed."""

from datetime import date
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.emails import notification_emails
from accounts.models import Membership
from tasks.models import Notification, NotificationKind, Task
from tenancy.jobs import enqueue

MOST_TASKS, MOST_NOTIFICATIONS = 50, 20  # in a digest


def mail_notification(*, notification_id: UUID) -> bool:
    """Mail a notification, once, and say whether that was done now. Called in a transaction.

    Not to members who left, lost sight of the project or switched mails off, nor about tasks that need no reminder any
    more.
    """
    found = Notification.objects.select_related("task__project", "comment", "member", "actor").prefetch_related(
        "member__user", "actor__user"
    )
    notification = found.filter(pk=notification_id, mailed_at=None).first()
    if notification is None or not _is_wanted(notification):
        return False
    # The row is locked from here to the commit, so a second one that does the same waits, and finds it done.
    if not Notification.objects.filter(pk=notification_id, mailed_at=None).update(mailed_at=timezone.now()):
        return False
    notification_emails.send_notification(notification)
    return True


def request_digests(*, day: date) -> int:
    """Ask for the digest of each member who wants one, and return for how many. Called in a transaction."""
    members = Membership.objects.current().filter(mail_digest=True).values_list("pk", flat=True)
    for member_id in members:
        enqueue("tasks.mail_digest", member_id=str(member_id), day=day.isoformat())
    return len(members)


def mail_digest(*, member_id: UUID, day: date) -> bool:
    """Have a member mailed the digest of `day`, once a day, and say whether that was done now.

    Called in a transaction. Another job sends it: this one has the membership locked, for which everything that the
    member writes would wait until the mail server has answered.
    """
    due = Q(digest_day=None) | Q(digest_day__lt=day)
    if not Membership.objects.current().filter(due, pk=member_id, mail_digest=True).update(digest_day=day):
        return False
    enqueue("tasks.send_digest", member_id=str(member_id), day=day.isoformat())
    return True


def send_digest(*, member_id: UUID, day: date) -> bool:
    """Mail a member the digest of `day`, and say whether that was done: not if it were empty."""
    member = Membership.objects.current().filter(pk=member_id, mail_digest=True).prefetch_related("user").first()
    if member is None:
        return False
    tasks = Task.objects.visible_to(member).active().filter(completed_at=None, assignments__member=member)
    in_order = tasks.select_related("project").order_by(F("due_date").asc(nulls_last=True), "project__key", "number")
    unread = Notification.objects.visible_to(member).unread().select_related("task__project", "actor")
    shown, news = list(in_order[:MOST_TASKS]), list(unread.prefetch_related("actor__user")[:MOST_NOTIFICATIONS])
    if not member.user.is_active or not (shown or news):
        return False
    more = tasks.count() - len(shown) if len(shown) == MOST_TASKS else 0
    notification_emails.send_digest(member, day=day, tasks=shown, more=more, notifications=news)
    return True


def _is_wanted(notification: Notification) -> bool:
    member, task = notification.member, notification.task
    if member.ended_at is not None or not member.user.is_active or not member.mail_notifications:
        return False
    if notification.kind == NotificationKind.DUE_SOON and str(task.due_date) != notification.cause:
        return False
    open_ = task.completed_at is None and task.archived_at is None and task.project.archived_at is None
    is_due = notification.kind != NotificationKind.DUE_SOON or open_
    return is_due and Notification.objects.visible_to(member).filter(pk=notification.pk).exists()

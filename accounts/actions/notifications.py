"""Telling members of what concerns them: a row in the inbox, and a mail for whoever wants one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actions.authorization import authorize
from accounts.models import Membership
from projects.models import Activity
from tasks.mentions import may_mention, mentioned
from tasks.models import Assignment, Comment, Notification, NotificationKind, Task
from tenancy.jobs import enqueue

READ_IS_KEPT = timedelta(days=90)
PAGE = 500  # assignments that one query of the reminders reads


def notify_assigned(*, task: Task, actor: Membership, members: Iterable[Membership], activity: Activity) -> None:
    """Tell `members` that `activity` assigned them a task, in its transaction. Nobody is told of themselves."""
    told = [member for member in members if member.pk != actor.pk]
    _notify(
        Notification(member=member, kind=NotificationKind.ASSIGNED, task=task, actor=actor, cause=str(activity.pk))
        for member in told
    )


def notify_mentioned(*, comment: Comment, actor: Membership, before: str = "") -> None:
    """Tell the members who see the project and whom a comment mentions, in the transaction that writes it.

    `before` is its former text: whom that mentioned knows already. So does whoever was told of this comment once, also
    if they were taken out of it meanwhile.
    """
    if not may_mention(comment.body):
        return
    members = list(Membership.objects.current().exclude(pk=actor.pk).prefetch_related("user"))
    known = {member.pk for member in mentioned(before, members)}
    known |= set(comment.notifications.values_list("member_id", flat=True))
    named = [member for member in mentioned(comment.body, members) if member.pk not in known]
    _notify(
        Notification(
            member=member,
            kind=NotificationKind.MENTIONED,
            task=comment.task,
            comment=comment,
            actor=actor,
            cause=str(comment.pk),
        )
        for member in comment.task.project.seen_by(named)
    )


def remind_of_due_tasks(*, day: date) -> int:
    """Tell assignees of open tasks that are due from the day before `day` to the day after it; return how many.

    Once for a task and the day that it is due. Called in a transaction, once a day.
    """
    told, due = 0, Assignment.objects.due_between(day - timedelta(days=1), day + timedelta(days=1)).order_by("id")
    page = list(due[:PAGE])
    while page:
        told += _notify(_reminders(page))
        page = list(due.filter(pk__gt=page[-1].pk)[:PAGE])
    return told


def _reminders(page: Sequence[Assignment]) -> Iterator[Notification]:
    """Yield a reminder of each assignment, except to those who had it or do not see the task."""
    kind, tasks = NotificationKind.DUE_SOON, {assignment.task_id for assignment in page}
    had = set(Notification.objects.filter(kind=kind, task__in=tasks).values_list("member_id", "task_id", "cause"))
    for assignment in page:
        member, task = assignment.member, assignment.task
        cause = str(task.due_date)
        if (member.pk, task.pk, cause) not in had and task.project.seen_by([member]):
            yield Notification(member=member, kind=kind, task=task, cause=cause)


@transaction.atomic
def mark_read(*, notification: Notification, actor: Membership) -> None:
    """Mark one of `actor`'s own as read; one that was read before stays as it is. Raises PermissionDenied."""
    authorize(actor, "notification.read")
    rows = Notification.objects.visible_to(actor).unread()
    rows.filter(pk=notification.pk).update(read_at=timezone.now())


@transaction.atomic
def mark_all_read(*, actor: Membership) -> int:
    """Mark all of `actor`'s own as read, and return how many were not. Raises PermissionDenied."""
    authorize(actor, "notification.read")
    changed: int = Notification.objects.visible_to(actor).unread().update(read_at=timezone.now())
    return changed


def remove_old_notifications() -> int:
    """Delete those that were read long ago, and return how many."""
    number: int = Notification.objects.filter(read_at__lt=timezone.now() - READ_IS_KEPT).delete()[0]
    return number


def _notify(notifications: Iterable[Notification]) -> int:
    """Write them down, with a job for each mail; whether it is still right to send it, that job asks."""
    rows: Sequence[Notification] = Notification.objects.bulk_create(notifications, batch_size=PAGE)
    for row in rows:
        if row.member.mail_notifications:
            enqueue("tasks.mail_notification", notification_id=str(row.pk))
    return len(rows)

"""Which members are notified of assignments, mentions and due dates."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from accounts.actions.notifications import notify
from accounts.models import Membership, Notification
from projects.models import Activity
from tasks.mentions import may_mention, mentioned
from tasks.models import Assignment, Comment, Task
from tasks.notifications import Assigned, DueSoon, Mentioned

PAGE = 500  # assignments that one query of the reminders reads


def notify_assigned(*, task: Task, actor: Membership, members: Iterable[Membership], activity: Activity) -> None:
    """Notify `members` that `activity` assigned them a task, in its transaction. The actor is not notified."""
    notify(
        Notification(
            member=member,
            kind=Assigned.name,
            subject_id=task.pk,
            data={"task": str(task.pk)},
            actor=actor,
            cause=str(activity.pk),
        )
        for member in members
        if member.pk != actor.pk
    )


def notify_mentioned(*, comment: Comment, actor: Membership, before: str = "") -> None:
    """Notify the members whom a comment mentions and who see the project, in the transaction that writes it.

    Members whom `before`, the former text of the comment, mentions are not notified. Neither are members who were
    notified of this comment earlier, also if an edit has removed them since.
    """
    if not may_mention(comment.body):
        return
    members = list(Membership.objects.current().exclude(pk=actor.pk).prefetch_related("user"))
    known = {member.pk for member in mentioned(before, members)}
    told = Notification.objects.filter(kind=Mentioned.name, subject_id=comment.pk)
    known |= set(told.values_list("member_id", flat=True))
    named = [member for member in mentioned(comment.body, members) if member.pk not in known]
    notify(
        Notification(
            member=member,
            kind=Mentioned.name,
            subject_id=comment.pk,
            data={"task": str(comment.task_id), "comment": str(comment.pk)},
            actor=actor,
            cause=str(comment.pk),
        )
        for member in comment.task.project.seen_by(named)
    )


def remind_of_due_tasks(*, day: date) -> int:
    """Notify assignees of open tasks that are due from the day before `day` to the day after it; return how many.

    Once for each task and due date. Called in a transaction, once a day.
    """
    told, due = 0, Assignment.objects.due_between(day - timedelta(days=1), day + timedelta(days=1)).order_by("id")
    page = list(due[:PAGE])
    while page:
        told += notify(_reminders(page))
        page = list(due.filter(pk__gt=page[-1].pk)[:PAGE])
    return told


def _reminders(page: Sequence[Assignment]) -> Iterator[Notification]:
    """Yield a reminder of each assignment, except to members who had it or do not see the task."""
    tasks = {assignment.task_id for assignment in page}
    reminders = Notification.objects.filter(kind=DueSoon.name, subject_id__in=tasks)
    had = set(reminders.values_list("member_id", "subject_id", "cause"))
    for assignment in page:
        member, task = assignment.member, assignment.task
        cause = str(task.due_date)
        if (member.pk, task.pk, cause) not in had and task.project.seen_by([member]):
            data = {"task": str(task.pk)}
            yield Notification(member=member, kind=DueSoon.name, subject_id=task.pk, data=data, cause=cause)

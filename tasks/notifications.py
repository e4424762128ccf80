"""The kinds of notifications about tasks, and the section of the daily digest with a member's open tasks."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.extensions import Line, NotificationKind, Section, Shown
from accounts.models import Membership, Notification
from tasks.models import Comment, Task
from tenancy.clock import current_date
from tenancy.context import require_active_tenant
from tenancy.routing import tenant_reverse

MOST_TASKS = 50  # in a digest


class Assigned(NotificationKind[Task]):
    """The subject is the task."""

    name = "assigned"
    label = gettext_lazy("Assigned")
    model = Task
    fields = ("task",)

    def subjects(self, member: Membership) -> QuerySet[Task]:
        return super().subjects(member).select_related("project")

    def in_words(self, notification: Notification, subject: Task, *, actor_name: str) -> str:
        return _("%(actor)s assigned you %(key)s") % {"actor": actor_name, "key": subject.key}

    def shown(self, subject: Task) -> Shown:
        return _shown(subject)


class DueSoon(Assigned):
    """The cause is the date that the task was due on."""

    name = "due_soon"
    label = gettext_lazy("Due soon")

    def in_words(self, notification: Notification, subject: Task, *, actor_name: str) -> str:
        return _("%(key)s is due") % {"key": subject.key}

    def is_wanted(self, notification: Notification, subject: Task) -> bool:
        is_open = subject.completed_at is None and subject.archived_at is None and subject.project.archived_at is None
        return is_open and str(subject.due_date) == notification.cause


class Mentioned(NotificationKind[Comment]):
    """The subject is the comment that mentions the member."""

    name = "mentioned"
    label = gettext_lazy("Mentioned")
    model = Comment
    fields = ("task", "comment")

    def subjects(self, member: Membership) -> QuerySet[Comment]:
        return super().subjects(member).select_related("task__project")

    def in_words(self, notification: Notification, subject: Comment, *, actor_name: str) -> str:
        return _("%(actor)s mentioned you in %(key)s") % {"actor": actor_name, "key": subject.task.key}

    def shown(self, subject: Comment) -> Shown:
        return _shown(subject.task, quote=subject.body)


def _shown(task: Task, *, quote: str = "") -> Shown:
    return Shown(
        title=task.title,
        label=task.key,
        page="task",
        page_args=[task.key],
        details=_details(task),
        quote=quote,
        thread=f"task-{task.pk}",
    )


def _details(task: Task) -> Sequence[str]:
    if task.due_date is None:
        return [task.project.name]
    return [task.project.name, _("due on %(day)s") % {"day": date_format(task.due_date, "l, F j, Y")}]


def open_tasks(member: Membership) -> Section | None:
    """Return the section of a digest with the member's open tasks by their due dates, None if there are none."""
    tasks: Any = Task.objects.visible_to(member).active().filter(completed_at=None, assignments__member=member)
    in_order = tasks.select_related("project").order_by(F("due_date").asc(nulls_last=True), "project__key", "number")
    shown = list(in_order[:MOST_TASKS])
    if not shown:
        return None
    number = tasks.count() if len(shown) == MOST_TASKS else len(shown)
    return Section(
        title=_("Your open tasks"),
        summary=ngettext("%(number)d open task", "%(number)d open tasks", number) % {"number": number},
        lines=[_line(task) for task in shown],
        more=number - len(shown),
    )


def _line(task: Task) -> Line:
    url = tenant_reverse("task", tenant=require_active_tenant(), args=[task.key])
    return Line(task.title, url, label=task.key, note=_due(task))


def _due(task: Task) -> str:
    if task.due_date is None:
        return ""
    day = {"date": date_format(task.due_date, "F j, Y")}
    return (_("overdue since %(date)s") if task.due_date < current_date() else _("due on %(date)s")) % day

"""The tasks of the member by due date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.shared.access import MemberRequest
from frontend.shared.pages import page_of
from tasks.models import Task
from tenancy.clock import current_date

PAGE_SIZE = 100
RECENTLY = timedelta(days=7)
MOST_DONE = 10


@dataclass(frozen=True)
class Group:
    """Tasks under one heading. The style sheet uses `name`."""

    name: str
    title: str
    tasks: list[Task]


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The open tasks of the member by due date. Raises Http404 for a page that does not exist."""
    mine = Task.objects.visible_to(request.membership).active().filter(assignments__member=request.membership)
    mine = mine.defer("description").select_related("project", "status").with_subtask_counts()
    mine = mine.prefetch_related("task_labels__label")
    in_order = F("due_date").asc(nulls_last=True), "project__key", "number"
    page = page_of(request, mine.filter(completed_at=None).order_by(*in_order), PAGE_SIZE)
    context: dict[str, Any] = {"page": page, "groups": grouped(page, current_date()), "done": _done(mine)}
    return render(request, "my_tasks/page.html", context)


def _done(mine: QuerySet[Task]) -> QuerySet[Task]:
    recently = mine.filter(completed_at__gte=timezone.now() - RECENTLY)
    return recently.order_by("-completed_at", "-id")[:MOST_DONE]


def grouped(tasks: Iterable[Task], today: date) -> list[Group]:
    """Return the non-empty groups of `tasks`, in the order of the headings."""
    sunday = today + timedelta(days=6 - today.weekday())
    groups = {name: Group(name, title, []) for name, title in _titles().items()}
    for task in tasks:
        groups[_group_of(task.due_date, today, sunday)].tasks.append(task)
    return [group for group in groups.values() if group.tasks]


def _group_of(due: date | None, today: date, sunday: date) -> str:
    if due is None:
        return "undated"
    if due < today:
        return "overdue"
    if due == today:
        return "today"
    return "week" if due <= sunday else "later"


def _titles() -> dict[str, str]:
    return {
        "overdue": _("Overdue"),
        "today": _("Today"),
        "week": _("This week"),
        "later": _("Later"),
        "undated": _("Without a date"),
    }

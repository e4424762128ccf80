"""The tasks of a project as a list, with order, groups and pages."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import Membership
from frontend.board.filters import Look, ordered
from projects.models import Status
from tasks.models import Assignment, Priority, Task

PAGE_SIZE = 100


@dataclass(frozen=True)
class Group:
    """Tasks with the same status, assignee or priority, or all tasks of a page."""

    key: str
    tasks: list[Task]
    title: str = ""
    status: Status | None = None
    member: Membership | None = None
    priority: str = ""


@dataclass(frozen=True)
class Listing:
    groups: list[Group]
    page: Page[Task]


def listing_of(look: Look, tasks: QuerySet[Task], members: dict[UUID, Membership]) -> Listing:
    """Return the page of the list that the URL names. Raises Http404 for a page that does not exist.

    `members` are the assignees that can have a group.
    """
    first = Assignment.objects.filter(task=OuterRef("pk")).order_by("member").values("member")[:1]
    rows = ordered(tasks.select_related("status").annotate(first_assignee=Subquery(first)), look.sort)
    leading = {
        "status": ("status__rank", "status_id"),
        "assignee": ("first_assignee",),  # unassigned tasks come last, since NULL does
        "priority": ("-urgency",),
        "none": ("status__rank", "status_id") if look.sort == "rank" else (),
    }[look.group]
    rows = rows.order_by(*leading, *rows.query.order_by)
    try:
        page: Page[Any] = Paginator(rows.values("pk"), PAGE_SIZE).page(look.query.get("page", "1"))
    except InvalidPage as error:
        raise Http404 from error
    # Only the ids of the tasks before the page are read: PostgreSQL computes annotations also for skipped rows.
    tasks_of_page = list(rows.filter(pk__in=page.object_list))
    for task in tasks_of_page:
        task.project = look.project
    page.object_list = tasks_of_page
    groups = [_group(look.group, list(each), members) for _key, each in groupby(tasks_of_page, _key_of(look.group))]
    return Listing(groups, page)


def _key_of(group: str) -> Any:
    names = {"status": "status_id", "assignee": "first_assignee", "priority": "priority"}
    return lambda task: getattr(task, names[group]) if group in names else None


def _group(group: str, tasks: list[Task], members: dict[UUID, Membership]) -> Group:
    task = tasks[0]
    match group:
        case "status":
            return Group(str(task.status_id), tasks, task.status.name, status=task.status)
        case "priority":
            return Group(task.priority, tasks, str(Priority(task.priority).label), priority=task.priority)
        case "assignee":
            member: UUID | None = task.first_assignee  # type: ignore[attr-defined]  # annotated
            found = members.get(member) if member else None
            title = found.name if found else _("Former member") if member else _("Unassigned")
            return Group(str(member or "unassigned"), tasks, title, member=found)
    return Group("all", tasks)

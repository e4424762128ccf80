"""Filters, orderings and the search of tasks, which the pages and the API share."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.filters import ArchivedFilterSet, DayFilter, FlagFilter, IdOrFilter, MomentFilter, TextFilter
from projects.models import Category
from tasks.models import Assignment, Priority, Task
from tenancy.clock import current_date
from tenancy.folding import first_span, is_unspaced, search_words

UNASSIGNED = "none"  # the value of the filter by assignee for tasks without one
SOON = timedelta(days=7)

# The name of an ordering, and the field or annotation of `with_order_keys()` that it stands for.
ORDERINGS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "due_date": "due_or_never",
    "priority": "urgency",
    "title": "title_key",
    "number": "number",
    "rank": "rank",
}

AROUND = 60  # characters that are shown before and after the found part
LONGEST = 200  # characters of the found part that are shown: as long as a query
MOST = 3  # subtasks, and as many comments
LEAST = 2  # characters of a query
MOST_WORDS = 40  # of a query: each costs a scan of all texts of the account
SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Match:
    """A text that contains words of the query: its place in the task, and an excerpt around the first word."""

    place: str  # title, description, subtask or comment
    text: str


def validate_query(query: str) -> None:
    """Raise ValidationError for a query of `search/` that is too short or has too many words.

    Almost every task contains a single character, except characters of scripts that write words without spaces.
    """
    text = query.strip()
    if len(text) < LEAST and not (text and is_unspaced(text)):
        raise ValidationError(_("Ensure this value has at least %(least)d characters."), params={"least": LEAST})
    validate_words(text)


def validate_words(query: str) -> None:
    """Raise ValidationError for a query with too many words."""
    if len(search_words(query)) > MOST_WORDS:
        raise ValidationError(_("Search for at most %(most)d words at once."), params={"most": MOST_WORDS})


def matches_of(task: Task, query: str) -> list[Match]:
    """Return the texts that contain words of `query`. Needs what `matching_anywhere()` adds."""
    words = search_words(query)
    texts = [("title", task.title), ("description", task.description)]
    texts += [("subtask", subtask.title) for subtask in task.found_subtasks[:MOST]]
    texts += [("comment", comment.body) for comment in task.found_comments[:MOST]]
    found = ((place, text, first_span(text, words)) for place, text in texts)
    return [Match(place, excerpt(text, first)) for place, text, first in found if first]


def excerpt(text: str, found: tuple[int, int]) -> str:
    """Return the excerpt around a part of a text. It begins with a whole word if the text has spaces."""
    start, end = max(found[0] - AROUND, 0), min(found[1], found[0] + LONGEST) + AROUND
    if start and (space := SPACE.search(text, start, found[0])):
        start = space.end()
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


# Filters -------------------------------------------------------------------------------------------------------------


class Due(StrEnum):
    """When a task is due, as seen from the current date of the user."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"
    NEVER = "never"


class TaskFilterSet(ArchivedFilterSet):
    q = TextFilter(
        method="filter_words",
        validators=[validate_words],
        max_length=200,
        label=_("Words in the title or description, in any order."),
    )
    project = filters.UUIDFilter(field_name="project_id", label=_("The id of a project."))
    status = IdOrFilter(method="filter_status", words=Category, label=_("The id of a status, or a category."))
    assignee = IdOrFilter(method="filter_assignee", words=[UNASSIGNED], label=_("The id of a member, or `none`."))
    label = filters.UUIDFilter(method="filter_label", label=_("The id of a label."))
    priority = filters.ChoiceFilter(choices=Priority.choices, label=_("The priority of the task."))
    due = filters.ChoiceFilter(
        choices=[(each.value, each.value) for each in Due],
        method="filter_due",
        label=_(
            "`late`: open and due before the current date; `today`; `soon`: from today to seven days later; `never`. "
            "The current date is that of the time zone in `me/`, or else in `account/`."
        ),
    )
    due_before = DayFilter(field_name="due_date", lookup_expr="lt", label=_("Tasks that are due before this day."))
    due_after = DayFilter(field_name="due_date", lookup_expr="gt", label=_("Tasks that are due after this day."))
    updated_since = MomentFilter(
        field_name="updated_at",
        lookup_expr="gte",
        label=_("Tasks that were changed at this time or later. A time without an offset is in UTC."),
    )
    mine = FlagFilter(method="filter_mine", label=_("`true`: assigned to the member who sends the request."))

    def filter_words(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks with all of these words in them."""
        return queryset.matching(value)

    def filter_status(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks of one status, or of all statuses of a category."""
        return queryset.filter(**{"status__category" if value in Category.values else "status_id": value})

    def filter_assignee(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks of one member, or those without an assignee."""
        if value == UNASSIGNED:
            return queryset.exclude(Exists(Assignment.objects.filter(task=OuterRef("pk"))))
        return queryset.filter(assignments__member_id=value)

    def filter_label(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks with one label."""
        return queryset.filter(task_labels__label_id=value)

    def filter_due(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks with this due state on the current date of the user."""
        today = current_date()
        match value:
            case Due.LATE:
                return queryset.filter(due_date__lt=today, completed_at=None)
            case Due.TODAY:
                return queryset.filter(due_date=today)
            case Due.SOON:
                return queryset.filter(due_date__range=(today, today + SOON))
        return queryset.filter(due_date=None)

    def filter_mine(self, queryset: Any, name: str, value: bool) -> Any:
        """Return the tasks that are assigned to the requesting member, or the others."""
        mine = Exists(Assignment.objects.filter(task=OuterRef("pk"), member=self.request.membership))
        return queryset.filter(mine if value else ~mine)

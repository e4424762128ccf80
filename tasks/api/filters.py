"""What lists of tasks can be narrowed to."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.filters import ArchivedFilterSet, DayFilter, FlagFilter, IdOrFilter, MomentFilter, TextFilter
from projects.models import Category
from tasks.models import Assignment, Priority, Task
from tasks.queries import validate_words
from tenancy.clock import current_date
from tenancy.fields import NormalizedText

NOBODY = "none"
SOON = timedelta(days=7)


class Due(StrEnum):
    """When a task is due, as seen from the current date of the user."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"
    NEVER = "never"


class TaskName(NormalizedText):
    """The id of a task or its key. Its value is a queryset of that task."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return Task.objects.named(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(_("Must be the id of a task, or its key such as WEB-42.")) from error


class TaskNameFilter(filters.Filter):  # type: ignore[misc]
    """The rows of one task."""

    field_class = TaskName

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value is None else qs.filter(**{f"{self.field_name}__in": value.values("pk")})


class TaskFilterSet(ArchivedFilterSet):
    q = TextFilter(
        method="filter_words",
        validators=[validate_words],
        max_length=200,
        label=_("Words in the title or description, in any order."),
    )
    project = filters.UUIDFilter(field_name="project_id")
    status = IdOrFilter(method="filter_status", words=Category, label=_("The id of a status, or a category."))
    assignee = IdOrFilter(method="filter_assignee", words=[NOBODY], label=_("The id of a member, or `none`."))
    label = filters.UUIDFilter(method="filter_label")
    priority = filters.ChoiceFilter(choices=Priority.choices)
    due = filters.ChoiceFilter(
        choices=[(each.value, each.value) for each in Due],
        method="filter_due",
        label=_(
            "`late`: open and due before the current date; `today`; `soon`: from today to seven days later; `never`. "
            "The current date is that of the time zone in `me/`, or else in `account/`."
        ),
    )
    due_before = DayFilter(field_name="due_date", lookup_expr="lt")
    due_after = DayFilter(field_name="due_date", lookup_expr="gt")
    updated_since = MomentFilter(field_name="updated_at", lookup_expr="gte")
    mine = FlagFilter(method="filter_mine", label=_("Assigned to whoever asks, or not."))

    def filter_words(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks with all of these words in them."""
        return queryset.matching(value)

    def filter_status(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks of one status, or of all statuses of a category."""
        return queryset.filter(**{"status__category" if value in Category.values else "status_id": value})

    def filter_assignee(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks of one member, or of nobody."""
        if value == NOBODY:
            return queryset.exclude(Exists(Assignment.objects.filter(task=OuterRef("pk"))))
        return queryset.filter(assignments__member_id=value)

    def filter_label(self, queryset: Any, name: str, value: Any) -> Any:
        """Return the tasks with one label."""
        return queryset.filter(task_labels__label_id=value)

    def filter_due(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks that are due then, as seen from the current date of the user."""
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
        """Return the tasks of whoever asks, or those that are not theirs."""
        mine = Exists(Assignment.objects.filter(task=OuterRef("pk"), member=self.request.membership))
        return queryset.filter(mine if value else ~mine)

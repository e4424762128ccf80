"""The filters of a project's page, which are those of the API, the orders of its list, and their menus."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.models import Membership
from accounts.rest.filters import ArchivedFilterSet
from frontend.board.columns import CARDS_PER_COLUMN, MOST_CARDS
from frontend.shared.access import MemberRequest
from projects.models import Label, Project
from tasks.models import Priority, Task, TaskQuerySet
from tasks.queries import ORDERINGS, UNASSIGNED, Due, TaskFilterSet

DUE = [
    (Due.LATE, _("Overdue")),
    (Due.TODAY, _("Today")),
    (Due.SOON, _("Within a week")),
    (Due.NEVER, _("No date")),
]
ARCHIVED = [("false", _("Active")), ("true", _("Archived")), ("all", _("Both"))]
VIEWS = [("board", _("Board")), ("list", _("List"))]
# The orders of the list, with the names that the API accepts for `ordering`.
SORTS = [
    ("rank", _("As on the board")),
    ("due_date", _("Due date")),
    ("-priority", _("Priority")),
    ("title", _("Title")),
    ("-updated_at", _("Last changed")),
    ("-created_at", _("Newest")),
]
CARDS = re.compile(r"(?P<status>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?P<number>[0-9]{1,4})")
MOST = 100  # members and labels in a menu
GROUPS = [("status", _("Status")), ("assignee", _("Assignee")), ("priority", _("Priority")), ("none", _("No groups"))]


class ProjectFilterSet(TaskFilterSet):
    """The filters of the API that apply within a project."""

    due = filters.ChoiceFilter(choices=DUE, method="filter_due")  # with the labels of pages
    project = due_before = due_after = updated_since = mine = None  # type: ignore[assignment]  # left out

    def get_form_class(self) -> type[forms.Form]:
        # Not the strict form of the API: an empty field of a page is no filter.
        return type("ProjectFilterForm", (forms.Form,), {name: each.field for name, each in self.filters.items()})

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super(ArchivedFilterSet, self).filter_queryset(queryset)
        match self.form.cleaned_data.get("archived") or "false":
            case "false":  # the tasks only: the page of an archived project shows its tasks
                return queryset.filter(archived_at=None)
            case "true":
                return queryset.exclude(archived_at=None)
        return queryset


class Options(forms.Form):
    """The view, the order and the groups of the page."""

    view = forms.ChoiceField(choices=VIEWS, required=False)
    sort = forms.ChoiceField(choices=SORTS, required=False)
    group = forms.ChoiceField(choices=GROUPS, required=False)


@dataclass(frozen=True)
class Look:
    """The view of a project that a URL describes."""

    project: Project
    query: QueryDict
    view: str
    sort: str
    group: str
    values: dict[str, Any]  # the cleaned values of the filters that the URL names
    tasks: TaskQuerySet
    limits: dict[UUID, int]  # the numbers of cards that the page shows of long columns

    @property
    def is_filtered(self) -> bool:
        return any(value not in (None, "", "false") for value in self.values.values())

    def query_with(self, **changes: str) -> str:
        """Return the query string with changed parameters, "" or "?…". An empty value removes a parameter."""
        query = self.query.copy()
        for name, value in {"page": "", **changes}.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"?{query.urlencode()}" if query else ""


def read_look(request: MemberRequest, project: Project) -> Look:
    """Return the view that the URL describes. Raises BadRequest for invalid filters and numbers of cards."""
    found = ProjectFilterSet(request.GET, Task.objects.filter(project=project), request=request)
    options = Options(request.GET)
    if not found.is_valid() or not options.is_valid():
        raise BadRequest("The address has an invalid filter.")
    chosen = options.cleaned_data
    return Look(
        project=project,
        query=_known(request.GET, {*found.filters, *options.fields, "page"}),
        view=chosen["view"] or "board",
        sort=chosen["sort"] or "rank",
        group=chosen["group"] or "status",
        values=dict(found.form.cleaned_data),
        tasks=cast(TaskQuerySet, found.qs),
        limits=_limits(request.GET.getlist("cards")),
    )


def _limits(given: Iterable[str]) -> dict[UUID, int]:
    """Return numbers of cards, each given as `<id of the status>:<number>`, limited for all columns together."""
    limits, spare = {}, MOST_CARDS
    for text in given:
        match = CARDS.fullmatch(text)
        if match is None:
            raise BadRequest("A number of cards is given with the id of a status.")
        more = min(max(int(match["number"]) - CARDS_PER_COLUMN, 0), spare)
        limits[UUID(match["status"])] = CARDS_PER_COLUMN + more
        spare -= more
    return limits


def _known(given: QueryDict, names: set[str]) -> QueryDict:
    """Return the known parameters without empty ones."""
    query = QueryDict(mutable=True)
    for name in names & given.keys():
        if value := str(given[name]).strip():
            query[name] = value
    return query


def ordered(tasks: QuerySet[Task], sort: str) -> QuerySet[Task]:
    """Return `tasks` in the order of the API's `ordering` of the same name."""
    field = ORDERINGS[sort.removeprefix("-")]
    sign = "-" if sort.startswith("-") else ""
    return cast(TaskQuerySet, tasks).with_order_keys().order_by(f"{sign}{field}", f"{sign}id")


@dataclass(frozen=True)
class Choice:
    text: str
    query: str
    is_current: bool = False
    color: str = ""  # a name of the palette


@dataclass(frozen=True)
class Chip:
    """A filter with its title, its value if it is set, and its menu."""

    name: str
    title: str
    value: str
    clear: str  # the query string without the filter
    choices: list[Choice] = field(default_factory=list)


@dataclass(frozen=True)
class Toolbar:
    """The menus above the tasks, in the order of their places."""

    chips: list[Chip]
    orders: list[Choice]
    groups: list[Choice]


def toolbar_of(look: Look, people: list[Membership]) -> Toolbar:
    """Return the menus for `look`. `people` are the members who see the project. One query, for the labels."""
    return Toolbar(
        chips=_chips(look, people, list(Label.objects.all())),
        orders=_choices(look, "sort", SORTS, look.sort),
        groups=_choices(look, "group", GROUPS, look.group),
    )


def _choices(look: Look, name: str, offered: Iterable[tuple[str, Any]], current: str) -> list[Choice]:
    return [Choice(str(text), look.query_with(**{name: value}), value == current) for value, text in offered]


def _chips(look: Look, people: list[Membership], labels: list[Label]) -> list[Chip]:
    chips = [
        _chip(look, "assignee", gettext("Assignee"), [*_people(people), (UNASSIGNED, gettext("Unassigned"), "")]),
        _chip(look, "label", gettext("Label"), [(str(label.pk), label.name, label.color) for label in labels]),
        _chip(
            look, "priority", gettext("Priority"), [(each.value, str(each.label), "") for each in reversed(Priority)]
        ),
        _chip(look, "due", gettext("Due"), [(value, str(text), "") for value, text in DUE]),
        _chip(look, "archived", gettext("Archive"), [(value, str(text), "") for value, text in ARCHIVED[1:]]),
    ]
    if look.values.get("status"):  # no menu: a long column links to the rest of its tasks
        chips.insert(0, Chip("status", gettext("Status"), gettext("one column"), look.query_with(status="")))
    return chips


def _people(people: list[Membership]) -> list[tuple[str, str, str]]:
    return [(str(member.pk), member.name, "") for member in people]


def _chip(look: Look, name: str, title: str, choices: list[tuple[str, str, str]]) -> Chip:
    current = str(look.values.get(name) or "")
    texts = {value: text for value, text, _color in choices}
    # A former member or a deleted label: the filter still applies.
    value = texts.get(current, "?") if current in texts or current not in ("", "false") else ""
    menu = [
        Choice(text, look.query_with(**{name: value}), value == current, color)
        for value, text, color in choices[:MOST]
    ]
    return Chip(name, title, value, look.query_with(**{name: ""}), menu)

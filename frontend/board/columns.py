"""The columns of a board and the tasks in them, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from projects.models import Project, Status
from tasks.models import Task

CARDS_PER_COLUMN = 50  # at first, and loaded at a time
MOST_CARDS = 500  # of a column, and beyond the first of all columns together; the list contains the rest


@dataclass(frozen=True)
class Column:
    status: Status
    tasks: list[Task]
    total: int
    limit: int  # at most so many tasks are shown

    @property
    def hidden(self) -> int:
        """The number of tasks in the column that are not shown."""
        return self.total - len(self.tasks)

    @property
    def is_longer(self) -> bool:
        """Whether more than the first cards are shown."""
        return self.limit > CARDS_PER_COLUMN

    @property
    def next_limit(self) -> int | None:
        """The limit that shows more of the hidden tasks; None if the board shows no more."""
        return self.limit + CARDS_PER_COLUMN if self.hidden and self.limit < MOST_CARDS else None


def columns_of(
    projects: Iterable[Project],
    tasks: QuerySet[Task],
    *,
    only: Collection[UUID] | None = None,
    first: int = CARDS_PER_COLUMN,
    limits: Mapping[UUID, int] | None = None,
) -> dict[Project, list[Column]]:
    """Return the columns of each project, each with the first of its `tasks` by rank.

    `tasks` also defines what is fetched with the tasks. `only` limits the columns to these statuses. A column has
    `first` tasks at most, or its number in `limits` if that is higher, and never more than MOST_CARDS. The tasks in
    the result have `project` and `status` set.
    """
    by_id = {project.pk: project for project in projects}
    statuses = Status.objects.filter(project__in=by_id)
    if only is not None:
        statuses = statuses.filter(pk__in=only)
    found = {status.pk: status for status in _with_totals(statuses, tasks)}
    limits = {status: min(max((limits or {}).get(status, 0), first), MOST_CARDS) for status in found}
    cards = defaultdict(list)
    for task in _first_tasks(tasks, found.values(), limits):
        task.project, task.status = by_id[task.project_id], found[task.status_id]
        cards[task.status_id].append(task)
    columns: dict[Project, list[Column]] = {project: [] for project in by_id.values()}
    for status in found.values():
        column = Column(status, cards[status.pk], _total(status), limits[status.pk])
        columns[by_id[status.project_id]].append(column)
    return columns


def _with_totals(statuses: QuerySet[Status], tasks: QuerySet[Task]) -> QuerySet[Status]:
    inside = tasks.filter(status=OuterRef("pk")).order_by().values("status")
    total = Subquery(inside.annotate(number=Count("*")).values("number"), output_field=IntegerField())
    return statuses.annotate(total=Coalesce(total, 0)).order_by("rank", "id")


def _total(status: Status) -> int:
    return int(status.total)  # type: ignore[attr-defined]  # annotated


def _first_tasks(tasks: QuerySet[Task], statuses: Collection[Status], limits: Mapping[UUID, int]) -> QuerySet[Task]:
    """Return the first tasks of each status, by rank, in one query. Those of long columns are found with an index."""
    by_rank = tasks.order_by("rank", "id")
    long = {status.pk: limits[status.pk] for status in statuses if _total(status) > limits[status.pk]}
    short = [status.pk for status in statuses if status.pk not in long]
    parts = [by_rank.filter(status=status)[:limit] for status, limit in long.items()]
    if short or not parts:
        parts.append(by_rank.filter(status__in=short))
    # Django cannot order a union of one query, and ignores the order of those that are not limited.
    return parts[0].union(*parts[1:], all=True).order_by("rank", "id") if parts[1:] else parts[0]

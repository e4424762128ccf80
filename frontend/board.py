"""The columns of a board and the tasks in them, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from projects.models import Project, Status
from tasks.models import Task

CARDS_PER_COLUMN = 100


@dataclass(frozen=True)
class Column:
    status: Status
    tasks: list[Task]
    total: int

    @property
    def hidden(self) -> int:
        """How many tasks of the column are not shown."""
        return self.total - len(self.tasks)


def columns_of(projects: Iterable[Project], tasks: QuerySet[Task]) -> dict[Project, list[Column]]:
    """Return the columns of each project with the first tasks of each, in their order.

    `tasks` says what to fetch with them; archived ones are left out. Every task has its `project` set.
    """
    by_id = {project.pk: project for project in projects}
    cards = defaultdict(list)
    for task in _first_tasks(tasks.filter(project__in=by_id)):
        task.project = by_id[task.project_id]
        cards[task.status_id].append(task)
    columns: dict[Project, list[Column]] = {project: [] for project in by_id.values()}
    for status in _with_totals(Status.objects.filter(project__in=by_id)):
        total: int = status.total  # type: ignore[attr-defined]  # annotated
        columns[by_id[status.project_id]].append(Column(status, cards[status.pk], total))
    return columns


def _with_totals(statuses: QuerySet[Status]) -> QuerySet[Status]:
    counted = statuses.annotate(total=Count("tasks", filter=Q(tasks__archived_at=None)))
    return counted.order_by("rank", "id")  # said again, because grouping drops the model's order


def _first_tasks(tasks: QuerySet[Task]) -> QuerySet[Task]:
    place = Window(RowNumber(), partition_by=F("status_id"), order_by=("rank", "id"))
    shown = tasks.filter(archived_at=None).annotate(place=place).filter(place__lte=CARDS_PER_COLUMN)
    return shown.order_by("rank", "id")

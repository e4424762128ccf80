"""The columns of a board and the tasks in them, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

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
        """The number of tasks in the column that are not shown."""
        return self.total - len(self.tasks)


def columns_of(
    projects: Iterable[Project], tasks: QuerySet[Task], only: Collection[UUID] | None = None
) -> dict[Project, list[Column]]:
    """Return the columns of each project, each with the first of its `tasks` by rank.

    `tasks` also defines what is fetched with the tasks. `only` limits the columns to these statuses. The tasks in the
    result have `project` and `status` set.
    """
    by_id = {project.pk: project for project in projects}
    statuses = Status.objects.filter(project__in=by_id)
    if only is not None:
        statuses = statuses.filter(pk__in=only)
    found = {status.pk: status for status in _with_totals(statuses, tasks)}
    cards = defaultdict(list)
    for task in _first_tasks(tasks.filter(status__in=found)):
        task.project, task.status = by_id[task.project_id], found[task.status_id]
        cards[task.status_id].append(task)
    columns: dict[Project, list[Column]] = {project: [] for project in by_id.values()}
    for status in found.values():
        total: int = status.total  # type: ignore[attr-defined]  # annotated
        columns[by_id[status.project_id]].append(Column(status, cards[status.pk], total))
    return columns


def _with_totals(statuses: QuerySet[Status], tasks: QuerySet[Task]) -> QuerySet[Status]:
    inside = Task.objects.filter(pk__in=tasks.values("pk"), status=OuterRef("pk")).order_by().values("status")
    total = Subquery(inside.annotate(number=Count("*")).values("number"), output_field=IntegerField())
    return statuses.annotate(total=Coalesce(total, 0)).order_by("rank", "id")


def _first_tasks(tasks: QuerySet[Task]) -> QuerySet[Task]:
    place = Window(RowNumber(), partition_by=F("status_id"), order_by=("rank", "id"))
    return tasks.annotate(place=place).filter(place__lte=CARDS_PER_COLUMN).order_by("rank", "id")

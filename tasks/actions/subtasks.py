"""Creating, changing and deleting subtasks."""

from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actions.locks import get_or_gone
from accounts.models import Membership
from accounts.validation import assign, validate_fields
from projects import ranks
from projects.actions.activity import record_activity
from tasks.actions.tasks import last_rank, lock_task_for
from tasks.models import Subtask, Task
from tenancy.places import atomic


class SubtaskFields(TypedDict, total=False):
    """The fields of a subtask that members may change."""

    title: str
    done: bool
    rank: str


@atomic
def create_subtask(*, actor: Membership, task: Task, **fields: Unpack[SubtaskFields]) -> Subtask:
    """Create a subtask, by default at the end of the task's list.

    Needs `title`. Raises PermissionDenied, ValidationError, Gone when the task was deleted meanwhile.
    """
    task = lock_task_for(actor, "subtask.write", task)
    subtask = Subtask(task=task, **fields)
    subtask.rank = subtask.rank or ranks.at_end(last_rank(task.subtasks.all()))
    _validate_subtask(subtask, {"title", "done", "rank"})
    subtask.save(force_insert=True)
    data = {"task": str(task.pk)}
    record_activity(project=task.project, actor=actor, verb="subtask.created", subject=subtask, data=data)
    return subtask


@atomic
def update_subtask(
    *, subtask: Subtask, actor: Membership, task: Task | None = None, **fields: Unpack[SubtaskFields]
) -> Subtask:
    """Change `fields` of a subtask and return the reloaded subtask; the same values again change nothing.

    `task` is accepted if it is the task of the subtask. Raises PermissionDenied, ValidationError, Gone when it
    was deleted meanwhile.
    """
    subtask = _lock_subtask(subtask, actor)
    if task is not None and task.pk != subtask.task_id:
        raise ValidationError(
            {"task": _("A subtask cannot move to another task. Omit this field, or create another subtask.")}
        )
    return _change(subtask, actor, fields)


def _change(subtask: Subtask, actor: Membership, fields: SubtaskFields) -> Subtask:
    if changed := assign(subtask, fields):
        _validate_subtask(subtask, changed)
        subtask.save(update_fields=changed)
        data = {"task": str(subtask.task_id), "fields": sorted(changed)}
        project = subtask.task.project
        record_activity(project=project, actor=actor, verb="subtask.updated", subject=subtask, data=data)
    return subtask


@atomic
def move_subtask(*, subtask: Subtask, actor: Membership, before: Subtask | None = None, step: int = 0) -> Subtask:
    """Put a subtask before another one of its task, or `step` places down its list (up below 0), as far as that goes.

    Raises PermissionDenied, ValidationError for a neighbor that is not in the list, Gone when it was deleted
    meanwhile.
    """
    subtask = _lock_subtask(subtask, actor)
    rows = list(subtask.task.subtasks.all())
    was = [row.pk for row in rows].index(subtask.pk)
    del rows[was]
    place = max(0, min(was + step, len(rows)))
    if before is not None:
        if before not in rows:
            raise ValidationError({"before": _("This subtask is not in the list, or it is the one that is moved.")})
        place = rows.index(before)
    if place == was:
        return subtask
    try:
        rank = ranks.in_gap(rows[place - 1].rank if place else None, rows[place].rank if place < len(rows) else None)
    except ValueError:  # no room between the two, or they share a rank
        return _spread([*rows[:place], subtask, *rows[place:]], subtask, actor)
    return _change(subtask, actor, {"rank": rank})


@atomic
def delete_subtask(*, subtask: Subtask, actor: Membership) -> None:
    """Delete a subtask for good. Raises PermissionDenied, Gone when it is gone already."""
    subtask = _lock_subtask(subtask, actor)
    data = {"task": str(subtask.task_id), "title": subtask.title}
    project = subtask.task.project
    record_activity(project=project, actor=actor, verb="subtask.deleted", subject=subtask, data=data)
    subtask.delete()


def _lock_subtask(subtask: Subtask, actor: Membership) -> Subtask:
    task = lock_task_for(actor, "subtask.write", subtask.task)
    return get_or_gone(task.subtasks.all(), subtask.pk)


def _spread(rows: list[Subtask], moved: Subtask, actor: Membership) -> Subtask:
    """Give all subtasks of a task new ranks. Each that has another one is an event, as after any change of it."""
    for row, rank in zip(rows, ranks.spread(len(rows)), strict=True):
        _change(row, actor, {"rank": rank})
        if row.pk == moved.pk:
            moved.rank = rank
    return moved


def _validate_subtask(subtask: Subtask, names: set[str]) -> None:
    validate_fields(subtask, names)
    if "rank" in names and not ranks.is_rank(subtask.rank):
        raise ValidationError({"rank": ranks.NO_RANK})

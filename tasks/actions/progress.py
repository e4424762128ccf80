"""The state of a task: its column and position, completion and archiving."""

from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.exceptions import Conflicting
from accounts.models import Membership
from projects import ranks
from projects.actions.activity import record_activity
from projects.actions.projects import AlreadyArchived, NotArchived
from projects.models import Category, Project, Status
from tasks.actions.tasks import first_of, lock_task_for, put_into, require_version
from tasks.models import Task
from tenancy.places import atomic


class AlreadyCompleted(Conflicting):
    """The task was completed before; nothing was changed."""


class NotCompleted(Conflicting):
    """The task is not completed; nothing was changed."""


class Place(TypedDict, total=False):
    """The target position of a task."""

    status: Status
    before: Task
    after: Task


@atomic
def move_task(*, task: Task, actor: Membership, version: int | None = None, **place: Unpack[Place]) -> Task:
    """Put a task into the column of `status`, by default its own, next to another task or else at the end.

    `version`, if given, must be the current version of the task. Raises PermissionDenied, ValidationError for
    a neighbor that is not in that column and for two neighbors, StaleVersion, Gone when the task was deleted
    meanwhile.
    """
    task = lock_task_for(actor, "task.write", task)
    require_version(task, version)
    was = task.status_id, task.rank
    put_into(task, place.get("status") or Status.objects.get(pk=task.status_id))
    if "before" in place and "after" in place:
        raise ValidationError({"after": _("Give one of `before` and `after`.")})
    if "before" in place:
        _place(task, place["before"], "before", actor)
    elif "after" in place:
        _place(task, place["after"], "after", actor)
    if (task.status_id, task.rank) == was:
        return task
    return _save(task, actor, "task.moved", {"status", "rank", "completed_at"})


@atomic
def complete_task(*, task: Task, actor: Membership) -> Task:
    """Move a task to the first status of the category `done`.

    Raises PermissionDenied, AlreadyCompleted, ValidationError when the project has no such status, Gone.
    """
    task = lock_task_for(actor, "task.write", task)
    if task.completed_at is not None:
        raise AlreadyCompleted(_("%(key)s is already completed.") % {"key": task.key})
    put_into(task, first_of(task.project, Category.DONE))
    return _save(task, actor, "task.completed", {"status", "rank", "completed_at"})


@atomic
def reopen_task(*, task: Task, actor: Membership) -> Task:
    """Move a completed task to the first status of the category `todo`.

    Raises PermissionDenied, NotCompleted, ValidationError when the project has no such status, Gone.
    """
    task = lock_task_for(actor, "task.write", task)
    if task.completed_at is None:
        raise NotCompleted(_("%(key)s is not completed.") % {"key": task.key})
    put_into(task, first_of(task.project, Category.TODO))
    return _save(task, actor, "task.reopened", {"status", "rank", "completed_at"})


@atomic
def archive_task(*, task: Task, actor: Membership) -> Task:
    """Archive a task. Raises PermissionDenied, AlreadyArchived, Gone when it was deleted meanwhile."""
    task = lock_task_for(actor, "task.write", task)
    if task.archived_at is not None:
        raise AlreadyArchived(_("%(name)s is already archived.") % {"name": task.key})
    task.archived_at = timezone.now()
    return _save(task, actor, "task.archived", {"archived_at"})


@atomic
def restore_task(*, task: Task, actor: Membership) -> Task:
    """Take a task out of the archive. Raises PermissionDenied, NotArchived, Gone when it was deleted meanwhile."""
    task = lock_task_for(actor, "task.write", task)
    if task.archived_at is None:
        raise NotArchived(_("%(name)s is not archived.") % {"name": task.key})
    task.archived_at = None
    return _save(task, actor, "task.restored", {"archived_at"})


def _save(task: Task, actor: Membership, verb: str, columns: set[str]) -> Task:
    task.version += 1
    task.save(update_fields=[*columns, "version", "updated_at"])
    data = {"status": str(task.status_id)} if "status" in columns else {}
    record_activity(project=task.project, actor=actor, verb=verb, subject=task, data=data)
    return task


def _place(task: Task, neighbour: Task, side: str, actor: Membership) -> None:
    """Set the rank of the task before or after its neighbor in its new column."""
    column = list(Task.objects.filter(status=task.status_id).exclude(pk=task.pk).order_by("rank", "id"))
    place = next((index for index, each in enumerate(column) if each.pk == neighbour.pk), None)
    if place is None:
        raise ValidationError({side: _("This task is not in that column, or it is the one that is moved.")})
    place += side == "after"
    try:
        task.rank = ranks.in_gap(
            column[place - 1].rank if place else None, column[place].rank if place < len(column) else None
        )
    except ValueError:  # no room between the two, or they share a rank
        _spread([*column[:place], task, *column[place:]], task, actor)


def _spread(column: list[Task], moved: Task, actor: Membership) -> None:
    """Give all tasks of a column new ranks. One event says so, instead of one for each of them."""
    for each, rank in zip(column, ranks.spread(len(column)), strict=True):
        each.rank = rank
    Task.objects.bulk_update([each for each in column if each.pk != moved.pk], ["rank"], batch_size=1000)
    project: Project = moved.project
    record_activity(project=project, actor=actor, verb="status.reordered", subject=moved.status)

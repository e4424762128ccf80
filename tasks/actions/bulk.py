"""Changing many tasks, all or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.exceptions import Gone
from accounts.models import Membership
from accounts.permissions import require
from projects.actions.activity import sees
from projects.models import Project
from tasks.actions.tasks import StaleVersion, TaskFields, change_locked, find_task_in
from tasks.models import Task
from tenancy.places import atomic


@dataclass(frozen=True)
class TaskChange:
    """The change of one task; `version`, if given, must be its current version."""

    task: Task
    fields: TaskFields
    version: int | None = None


class BulkRefused(Exception):
    """Some of the changes cannot be made, so none was. `errors` is `{index: {field: [text]}}`."""

    def __init__(self, errors: dict[int, dict[str, list[str]]]) -> None:
        super().__init__(f"{len(errors)} changes cannot be made.")
        self.errors = errors


@atomic
def update_tasks(*, actor: Membership, changes: Sequence[TaskChange]) -> list[Task]:
    """Make all the changes and return the tasks in their order. Raises PermissionDenied, BulkRefused."""
    require(actor, "task.write")
    # All projects first and in one order, so that two of these at once wait for each other instead of deadlocking.
    ids = {change.task.project_id for change in changes}
    locked = list(Project.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    authorize(actor, "task.write")
    projects = {project.pk: project for project in locked if sees(project, actor)}
    changed, errors = [], dict[int, dict[str, list[str]]]()
    for index, change in enumerate(changes):
        try:
            task = find_task_in(projects.get(change.task.project_id), change.task)
            changed.append(change_locked(task, actor, change.fields, version=change.version))
        except ValidationError as error:
            errors[index] = dict(error.message_dict) if hasattr(error, "error_dict") else {"id": error.messages}
        except StaleVersion as error:
            errors[index] = {"version": [str(error)]}
        except Gone:
            errors[index] = {"id": [_("This task was deleted in the meantime.")]}
    if errors:
        raise BulkRefused(errors)
    return changed

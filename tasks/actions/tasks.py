"""Creating, changing and deleting tasks."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.exceptions import Conflicting, Gone
from accounts.models import Membership
from accounts.validation import assign, validate_fields
from projects import ranks
from projects.actions.activity import lock_project, lock_project_for, record_activity
from projects.models import Category, Label, Project, Status
from tasks.actions.notifications import notify_assigned
from tasks.models import Assignment, Task, TaskLabel
from tenancy.places import atomic

OWN_FIELDS = ("title", "description", "priority", "due_date")  # the other TaskFields have separate rules


class StaleVersion(Conflicting):
    """The task was changed since the version that the caller has; nothing was changed now."""


class TaskFields(TypedDict, total=False):
    """The fields of a task that members may change."""

    title: str
    description: str
    status: Status
    priority: str
    assignees: Sequence[Membership]
    labels: Sequence[Label]
    due_date: date | None


@atomic
def create_task(*, actor: Membership, project: Project, **fields: Unpack[TaskFields]) -> Task:
    """Create a task at the end of its column, by default the project's first one of the category `todo`.

    Needs `title`. Raises PermissionDenied, ValidationError, Gone when the project was deleted meanwhile.
    """
    project = lock_project_for(actor, "task.write", project.pk)
    task = Task(project=project)
    assign(task, _own(fields))
    validate_fields(task, OWN_FIELDS)
    put_into(task, fields.get("status") or first_of(project, Category.TODO))
    project.last_task_number = F("last_task_number") + 1
    project.save(update_fields=["last_task_number"])
    task.number = project.last_task_number
    task.save(force_insert=True)
    assigned = _replace_people_and_labels(task, fields)[1]
    activity = record_activity(project=project, actor=actor, verb="task.created", subject=task)
    notify_assigned(task=task, actor=actor, members=assigned, activity=activity)
    return task


@atomic
def update_task(
    *,
    task: Task,
    actor: Membership,
    project: Project | None = None,
    version: int | None = None,
    **fields: Unpack[TaskFields],
) -> Task:
    """Change `fields` of a task and return it reloaded; the same values again change neither the task nor its version.

    A new status puts it at the end of that column and decides whether it is completed. `project` is accepted if it is
    the project of the task, and `version` if it is the current one. Raises PermissionDenied, ValidationError,
    StaleVersion, Gone when it was deleted meanwhile.
    """
    return change_locked(lock_task_for(actor, "task.write", task), actor, fields, project=project, version=version)


def change_locked(
    task: Task, actor: Membership, fields: TaskFields, *, project: Project | None = None, version: int | None = None
) -> Task:
    """Do the work of `update_task()` for a task whose project is locked and a member who was authorized since."""
    require_version(task, version)
    if project is not None and project.pk != task.project_id:
        raise ValidationError(
            {"project": _("A task cannot move to another project. Omit this field, or create another task.")}
        )
    columns = assign(task, _own(fields))
    validate_fields(task, columns)
    status = fields.get("status")
    if status is not None and status.pk != task.status_id:
        put_into(task, status)
        columns |= {"status", "rank", "completed_at"}
    replaced, assigned = _replace_people_and_labels(task, fields)
    changed = (columns - {"rank", "completed_at"}) | set(replaced)
    if changed:
        task.version += 1
        task.save(update_fields=[*columns, "version", "updated_at"])
        data = {"fields": sorted(changed), **_new_values(task, columns), **replaced}
        activity = record_activity(project=task.project, actor=actor, verb="task.updated", subject=task, data=data)
        notify_assigned(task=task, actor=actor, members=assigned, activity=activity)
    return task


@atomic
def delete_task(*, task: Task, actor: Membership) -> None:
    """Delete a task for good, with its subtasks. Raises PermissionDenied, Gone when it is gone already."""
    task = lock_task_for(actor, "task.write", task)
    data = {"key": task.key, "title": task.title}
    record_activity(project=task.project, actor=actor, verb="task.deleted", subject=task, data=data)
    task.delete()


def last_rank(rows: QuerySet[Any]) -> list[str]:
    """Return a list with the highest rank of `rows`, empty without rows."""
    return list(rows.order_by("-rank").values_list("rank", flat=True)[:1])


def lock_task(task: Task) -> Task:
    """Return the reloaded task with its locked project. Raises Gone when it is gone.

    An action of a member begins with `lock_task_for()`.
    """
    return find_task_in(lock_project(task.project_id), task)


def lock_task_for(actor: Membership, permission: str, task: Task) -> Task:
    """Return the same for a member who is authorized now: see `lock_project_for()`. Raises PermissionDenied too."""
    return find_task_in(lock_project_for(actor, permission, task.project_id), task)


def find_task_in(project: Project | None, task: Task) -> Task:
    """Return the reloaded task in the locked `project`. Raises Gone when one of them is gone."""
    found = Task.objects.filter(pk=task.pk).first()
    if project is None or found is None:
        raise Gone
    found.project = project
    return found


def require_version(task: Task, version: int | None) -> None:
    """Raise StaleVersion when there is a `version` and the task, which is locked, has another one."""
    if version is not None and version != task.version:
        raise StaleVersion(_("This task was changed in the meantime: its version is %(now)d.") % {"now": task.version})


def _own(fields: TaskFields) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in OWN_FIELDS}


def first_of(project: Project, category: Category) -> Status:
    """Return the project's first status of a category. Raises ValidationError when it has none."""
    status = project.statuses.filter(category=category).first()
    if status is None:
        message = _("This project has no status of the category `%(category)s`. Give another status.")
        raise ValidationError({"status": message % {"category": category.value}})
    return status


def put_into(task: Task, status: Status) -> None:
    """Put the unsaved task at the end of the column of `status`, and set `completed_at` accordingly.

    Raises ValidationError for a status of another project.
    """
    if status.project_id != task.project_id:
        raise ValidationError({"status": _("This status belongs to another project.")})
    task.status = status
    task.rank = ranks.at_end(last_rank(Task.objects.filter(status=status).exclude(pk=task.pk)))
    task.completed_at = (task.completed_at or timezone.now()) if status.category == Category.DONE else None


def _new_values(task: Task, changed: set[str]) -> dict[str, Any]:
    """Return the changed single values for the activity. Texts are not repeated: they can be long."""
    values = {"status": str(task.status_id), "priority": task.priority, "due_date": _iso(task.due_date)}
    return {name: value for name, value in values.items() if name in changed}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _replace_people_and_labels(
    task: Task, fields: TaskFields
) -> tuple[dict[str, dict[str, list[str]]], Sequence[Membership]]:
    """Set the assignees and labels in `fields`; return the changes for the activity, and the new assignees."""
    changed: dict[str, dict[str, list[str]]] = {}
    assigned: list[Membership] = []
    if "assignees" in fields:
        _require_that_new_ones_see(task, fields["assignees"])
        assigned, removed = _replace(Assignment.objects.filter(task=task), "member", fields["assignees"], task)
        changed |= _difference("assignees", assigned, removed)
    if "labels" in fields:
        added, removed = _replace(TaskLabel.objects.filter(task=task), "label", fields["labels"], task)
        changed |= _difference("labels", added, removed)
    return changed, assigned


def _difference(name: str, added: Sequence[Any], removed: set[UUID]) -> dict[str, dict[str, list[str]]]:
    if not (added or removed):
        return {}
    return {name: {"added": [str(row.pk) for row in added], "removed": sorted(str(key) for key in removed)}}


def _require_that_new_ones_see(task: Task, members: Sequence[Membership]) -> None:
    """Raise ValidationError unless those of `members` who are added belong to the account and see the project.

    A former member stays an assignee until they are removed: the same list again is valid.
    """
    present = set(Assignment.objects.filter(task=task).values_list("member_id", flat=True))
    added = [member for member in members if member.pk not in present]
    seeing = task.project.seen_by(added)
    for member in added:
        if member not in seeing:
            message = _(
                "Member %(id)s has no access to this project. Choose another member, "
                "or add this one to the project first."
            )
            raise ValidationError({"assignees": message % {"id": member.pk}})


def _replace(links: QuerySet[Any], name: str, rows: Sequence[Any], task: Task) -> tuple[list[Any], set[UUID]]:
    """Make `links` link the task to exactly these `rows`; return the added rows, and the ids of the removed ones."""
    present = set(links.values_list(f"{name}_id", flat=True))
    wanted = {row.pk: row for row in rows}
    if superfluous := present - wanted.keys():
        links.filter(**{f"{name}__in": superfluous}).delete()
    missing = [row for key, row in wanted.items() if key not in present]
    links.model.objects.bulk_create(links.model(task=task, **{name: row}) for row in missing)
    return missing, superfluous

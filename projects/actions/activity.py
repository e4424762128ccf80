"""The first and the last step of every action in a project: the lock, and the activity."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Model

from accounts.actions.activity import record_event
from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone
from accounts.exceptions import Gone
from accounts.models import Membership
from accounts.permissions import may, require
from projects.models import Activity, Project


def lock_project(project_id: UUID) -> Project:
    """Return the reloaded project, locked until the transaction ends. Raises Gone when it is gone.

    The project is always locked first, so counters and ranks that are read afterwards stay valid. An action of a
    member begins with `lock_project_for()`.
    """
    # NO KEY: rows that only refer to the project, such as one that another transaction inserts, need not wait.
    return get_or_gone(Project.objects.select_for_update(no_key=True), project_id)


def lock_project_for(actor: Membership, permission: str, project_id: UUID) -> Project:
    """Return the project, locked, for a member who is authorized now: every action in a project begins with it.

    `actor` is reloaded. Raises PermissionDenied, Gone when the project is gone, or hidden from them.
    """
    require(actor, permission)
    project = lock_project(project_id)
    authorize(actor, permission)
    if not sees(project, actor):
        raise Gone
    return project


def sees(project: Project, actor: Membership) -> bool:
    """Return whether a just authorized member may see a project. It needs a query if the project is private."""
    if not project.private or may(actor, "project.see_private"):
        return True
    return project.project_members.filter(member=actor).exists()


def record_activity(
    *,
    project: Project,
    actor: Membership | None,
    verb: str,
    subject: Model,
    data: dict[str, Any] | None = None,
) -> Activity:
    """Record what happened in a project, in the caller's transaction, and announce it: see `record_event()`.

    `data` has the id of the task, as `task`, if `subject` is a part of one.
    """
    task_id = (data or {}).get("task")
    activity = record_event(row=project, actor=actor, verb=verb, subject=subject, data=data, task_id=task_id)
    return cast(Activity, activity)

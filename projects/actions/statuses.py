"""The columns of a board."""

from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actions.locks import get_or_gone
from accounts.exceptions import Conflicting
from accounts.models import Membership
from accounts.validation import assign, validate_fields
from projects import ranks
from projects.actions.activity import lock_project_for, record_activity
from projects.models import Category, Project, Status
from tenancy.places import atomic

MOST = 50  # columns of a board


class StatusInUse(Conflicting):
    """Tasks have this status; nothing was changed."""


class StatusFields(TypedDict, total=False):
    """The fields of a status that members may change."""

    name: str
    category: str
    rank: str


@atomic
def create_status(*, actor: Membership, project: Project, **fields: Unpack[StatusFields]) -> Status:
    """Create a column, by default the last one. Needs `name` and `category`.

    Raises PermissionDenied, ValidationError, Gone when the project was deleted meanwhile.
    """
    project = lock_project_for(actor, "status.manage", project.pk)
    present = list(project.statuses.values_list("rank", flat=True))
    if len(present) >= MOST:
        raise ValidationError({"project": _("A project has at most %(most)d statuses.") % {"most": MOST}})
    status = Status(project=project, **fields)
    status.rank = status.rank or ranks.at_end(present)
    _validate(status, {"name", "category", "rank"})
    status.save(force_insert=True)
    record_activity(project=project, actor=actor, verb="status.created", subject=status)
    return status


@atomic
def update_status(
    *, status: Status, actor: Membership, project: Project | None = None, **fields: Unpack[StatusFields]
) -> Status:
    """Change `fields` of a column.

    `project` is accepted if it is the project of the status. Only an empty column can change into or out of the
    category `done`: otherwise its tasks would be completed or reopened at once. Raises PermissionDenied,
    ValidationError, StatusInUse, Gone when it was deleted meanwhile.
    """
    status = _lock(status, actor)
    if project is not None and project.pk != status.project_id:
        raise ValidationError(
            {"project": _("A status cannot move to another project. Omit this field, or create another status.")}
        )
    was_done = status.category == Category.DONE
    if changed := assign(status, fields):
        _validate(status, changed)
        if was_done != (status.category == Category.DONE) and status.tasks.exists():
            raise StatusInUse(_("Move the tasks of this status first: the change would complete or reopen them."))
        status.save(update_fields=changed)
        data = {"fields": sorted(changed)}
        record_activity(project=status.project, actor=actor, verb="status.updated", subject=status, data=data)
    return status


@atomic
def move_status(*, status: Status, actor: Membership, step: int) -> Status:
    """Put a column `step` places further on, or back below 0, as far as that goes.

    The ranks stay and the columns exchange them; each change is an event. Raises PermissionDenied, Gone when it
    was deleted meanwhile.
    """
    status = _lock(status, actor)
    rows = list(status.project.statuses.all())
    places = [row.rank for row in rows]
    if len(set(places)) < len(places):
        places = ranks.spread(len(places))
    was = rows.index(status)
    rows.insert(max(0, was + step), rows.pop(was))
    for row, rank in zip(rows, places, strict=True):
        if row.rank != rank:
            row.rank = rank
            row.save(update_fields=["rank"])
            data = {"fields": ["rank"]}
            record_activity(project=status.project, actor=actor, verb="status.updated", subject=row, data=data)
    return status


@atomic
def delete_status(*, status: Status, actor: Membership) -> None:
    """Delete an empty column. Raises PermissionDenied, StatusInUse, Gone when it is gone already."""
    status = _lock(status, actor)
    if status.tasks.exists():
        raise StatusInUse(_("Move the tasks of this status first, including archived ones."))
    data = {"name": status.name}
    record_activity(project=status.project, actor=actor, verb="status.deleted", subject=status, data=data)
    status.delete()


def _lock(status: Status, actor: Membership) -> Status:
    project = lock_project_for(actor, "status.manage", status.project_id)
    found = get_or_gone(project.statuses.all(), status.pk)
    found.project = project
    return found


def _validate(status: Status, names: set[str]) -> None:
    # The name is unique within the project, so the project is looked at with it.
    validate_fields(status, names | {"project"})
    if "rank" in names and not ranks.is_rank(status.rank):
        raise ValidationError({"rank": ranks.NO_RANK})

"""Actions on labels, which belong to the account. Each project with a labeled task records a change."""

from typing import TypedDict, Unpack

from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone
from accounts.models import Membership
from accounts.permissions import require
from accounts.validation import assign, validate_fields
from projects.actions.activity import record_activity
from projects.models import Label, Project
from tenancy.places import atomic


class LabelFields(TypedDict, total=False):
    """The fields of a label that members may change."""

    name: str
    color: str


@atomic
def create_label(*, actor: Membership, **fields: Unpack[LabelFields]) -> Label:
    """Create a label. Needs `name`, which no other label has. Raises PermissionDenied, ValidationError."""
    authorize(actor, "label.write")
    label = Label(**fields)
    validate_fields(label, {"name", "color"})
    label.save(force_insert=True)
    return label


@atomic
def update_label(*, label: Label, actor: Membership, **fields: Unpack[LabelFields]) -> Label:
    """Change `fields` of a label. Raises PermissionDenied, ValidationError, Gone when it was deleted meanwhile."""
    require(actor, "label.write")
    label, projects = lock_label(label)
    authorize(actor, "label.write")
    if changed := assign(label, fields):
        validate_fields(label, changed)
        label.save(update_fields=changed)
        data = {"fields": sorted(changed)}
        for project in projects:
            record_activity(project=project, actor=actor, verb="label.updated", subject=label, data=data)
    return label


@atomic
def delete_label(*, label: Label, actor: Membership) -> None:
    """Delete a label and take it off all tasks. Raises PermissionDenied, Gone when it is gone already."""
    require(actor, "label.write")
    label, projects = lock_label(label)
    authorize(actor, "label.write")
    data = {"name": label.name}
    for project in projects:
        record_activity(project=project, actor=actor, verb="label.deleted", subject=label, data=data)
    label.delete()


class _MoreProjects(Exception):
    """Between the locks of the projects and that of the label, a task of another project got the label."""


def lock_label(label: Label) -> tuple[Label, list[Project]]:
    """Return the reloaded label and the projects with tasks that have it, all locked. Raises Gone if it is gone.

    The projects are locked first and in one order, as everywhere: an action that adds the label to a task locks the
    project and then the label. No task gets the label while it is locked, so all projects are returned, and a second
    call in the same transaction locks no other project.
    """
    while True:
        try:
            with atomic():  # a rollback to this savepoint releases the locks
                return _lock_projects_and_label(label)
        except _MoreProjects:
            continue


def _lock_projects_and_label(label: Label) -> tuple[Label, list[Project]]:
    # By the names that the app of tasks gives these relations: it is not imported here.
    labelled = Project.objects.filter(tasks__task_labels__label=label).values("pk")
    projects = list(Project.objects.select_for_update(no_key=True).filter(pk__in=labelled).order_by("pk"))
    label = get_or_gone(Label.objects.select_for_update(), label.pk)
    if Project.objects.filter(pk__in=labelled).exclude(pk__in=[project.pk for project in projects]).exists():
        raise _MoreProjects
    return label, projects

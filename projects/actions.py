"""What can be done with projects. Pages, API and commands call these; each owns its transaction."""

from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Model
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import may, require
from accounts.quotas import require_room_for_project
from accounts.validation import validate_fields
from projects import ranks
from projects.keys import free_keys
from projects.models import Activity, Category, Project, ProjectMember, Status


class ProjectFields(TypedDict, total=False):
    """What people may change of a project."""

    name: str
    key: str
    description: str
    color: str
    private: bool


@transaction.atomic
def create_project(*, actor: Membership, **fields: Unpack[ProjectFields]) -> Project:
    """Create a project with its first four statuses; `actor` becomes a member of it.

    Needs `name`. Without `key` one is made from the name, which succeeds also when others do the same at the same
    time. Raises PermissionDenied, ValidationError, QuotaExceeded.
    """
    require(actor, "project.create")
    project = Project(**fields)
    validate_fields(project, {"name", "description", "color"} | ({"key"} if project.key else set()))
    require_room_for_project(Project.objects.all())
    if project.key:
        project.save()
    else:
        _save_with_free_key(project)
    placed = zip(Category, ranks.spread(len(Category)), strict=True)
    Status.objects.bulk_create(
        Status(project=project, name=str(category.label), category=category, rank=rank) for category, rank in placed
    )
    ProjectMember.objects.create(project=project, member=actor)
    record_activity(project=project, actor=actor, verb="project.created", subject=project)
    return project


def _save_with_free_key(project: Project) -> None:
    taken = set(Project.objects.values_list("key", flat=True))
    for key in free_keys(project.name, taken):
        project.key = key
        try:
            with transaction.atomic():
                project.save(force_insert=True)
        except IntegrityError:
            # Somebody else took it since we looked, and has committed: take the next one.
            if not Project.objects.filter(key=key).exists():
                raise
        else:
            return


@transaction.atomic
def update_project(*, project: Project, actor: Membership, **fields: Unpack[ProjectFields]) -> Project:
    """Change `fields` of a project and return it as it is now; the same values again change nothing.

    Only its members and admins change whether it is private. A project that becomes private leaves the roadmap.
    Raises PermissionDenied, ValidationError, Http404 when it was deleted meanwhile.
    """
    require(actor, "project.update")
    project = lock_project(project.pk)
    changed = assign(project, fields)
    if "private" in changed:
        _require_manager(project, actor)
        changed |= assign(project, {"on_roadmap": project.on_roadmap and not project.private})
    return _save_changes(project, actor, changed)


@transaction.atomic
def delete_project(*, project: Project, actor: Membership) -> None:
    """Delete a project for good, with everything in it. Raises PermissionDenied, Http404 when it is gone already."""
    require(actor, "project.delete")
    lock_project(project.pk).delete()


@transaction.atomic
def set_on_roadmap(*, project: Project, actor: Membership, shown: bool) -> Project:
    """Show a project to everybody on the public roadmap, or stop showing it.

    Raises PermissionDenied, ValidationError for a private one, Http404 when it was deleted meanwhile.
    """
    require(actor, "project.publish")
    project = lock_project(project.pk)
    if shown and project.private:
        raise ValidationError(
            {"on_roadmap": _("A private project cannot be public. Make it open to all members first.")}
        )
    return _save_changes(project, actor, assign(project, {"on_roadmap": shown}))


def _require_manager(project: Project, actor: Membership) -> None:
    """Raise PermissionDenied unless `actor` may change who sees the project."""
    if may(actor, "project.manage_any"):
        return
    require(actor, "project.manage")
    if not project.project_members.filter(member=actor).exists():
        raise PermissionDenied(_("Only members of the project and admins change whether it is private."))


def _save_changes(project: Project, actor: Membership, changed: set[str]) -> Project:
    if changed:
        validate_fields(project, changed)
        project.save(update_fields=[*changed, "updated_at"])
        verb, data = "project.updated", {"fields": sorted(changed)}
        record_activity(project=project, actor=actor, verb=verb, subject=project, data=data)
    return project


# For the other actions ---------------------------------------------------------------------------------------------


def lock_project(project_id: UUID) -> Project:
    """Return the project as it is now, locked until the transaction ends. Raises Http404 when it is gone.

    Every action on something in a project begins with it: the order of locks is always the project first, and counters
    and ranks that are read afterwards stay true.
    """
    # NO KEY: rows that only refer to the project, such as one that another transaction inserts, need not wait.
    project = Project.objects.select_for_update(no_key=True).filter(pk=project_id).first()
    if project is None:
        raise Http404
    return project


def assign(row: Any, fields: Any) -> set[str]:
    """Set `fields`, a mapping, on `row` and return the names of those that are different now."""
    changed = {name for name, value in fields.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, fields[name])
    return changed


def record_activity(
    *,
    project: Project,
    actor: Membership | None,
    verb: str,
    subject: Model,
    data: dict[str, Any] | None = None,
) -> Activity:
    """Write down what happened, with the next number of the project, in the caller's transaction.

    The number comes from the project's row, which stays locked until the commit: so they have no gaps and ascend in
    the order of the commits. `subject` is the row that it happened to; `data` is what the feed shows of it.
    """
    project.last_activity_seq = F("last_activity_seq") + 1
    project.save(update_fields=["last_activity_seq"])
    return Activity.objects.create(
        project=project,
        seq=project.last_activity_seq,
        actor=actor,
        verb=verb,
        object_id=subject.pk,
        data=data or {},
    )

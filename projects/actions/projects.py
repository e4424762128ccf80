"""Actions on projects. Pages, API and commands call these; each owns its transaction."""

from typing import Any, TypedDict, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.audit import draft_audit
from accounts.exceptions import Conflicting, Gone
from accounts.models import Membership
from accounts.permissions import may, require
from accounts.quotas import require_room
from accounts.validation import assign, validate_fields
from projects import ranks
from projects.actions.activity import lock_project_for, record_activity
from projects.keys import free_keys
from projects.models import Category, Project, ProjectMember, Status
from tenancy.places import atomic


class AlreadyArchived(Conflicting):
    """It is archived; nothing was changed."""


class NotArchived(Conflicting):
    """It is not archived; nothing was changed."""


class LastProjectMember(Conflicting):
    """Without this member only admins would see the private project; nothing was changed."""


class ProjectFields(TypedDict, total=False):
    """The fields of a project that members may change."""

    name: str
    key: str
    description: str
    color: str
    private: bool


@atomic
def create_project(*, actor: Membership, **fields: Unpack[ProjectFields]) -> Project:
    """Create a project with its first four statuses; `actor` becomes a member of it.

    Needs `name`. Without `key` one is made from the name, which succeeds also when others do the same at the same
    time. Raises PermissionDenied, ValidationError, QuotaExceeded.
    """
    require(actor, "project.create")
    project = Project(**fields)
    validate_fields(project, {"name", "description", "color"} | ({"key"} if project.key else set()))
    require_room("projects")
    authorize(actor, "project.create")
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
    _audit(project, actor, "project.created", private=project.private)
    return project


def _save_with_free_key(project: Project) -> None:
    taken = set(Project.objects.values_list("key", flat=True))
    for key in free_keys(project.name, taken):
        project.key = key
        try:
            with atomic():
                project.save(force_insert=True)
        except IntegrityError:
            # Another request took it since we looked, and has committed: take the next one.
            if not Project.objects.filter(key=key).exists():
                raise
        else:
            return


@atomic
def update_project(*, project: Project, actor: Membership, **fields: Unpack[ProjectFields]) -> Project:
    """Change `fields` of a project and return the reloaded project; the same values again change nothing.

    Only its members and admins change whether it is private. A project that becomes private leaves the roadmap.
    Raises PermissionDenied, ValidationError, Gone when it was deleted meanwhile.
    """
    project = lock_project_for(actor, "project.update", project.pk)
    changed = assign(project, fields)
    if "private" in changed:
        _require_manager(project, actor)
        changed |= assign(project, {"on_roadmap": project.on_roadmap and not project.private})
        _audit(project, actor, "project.privacy_changed", private=project.private)
    return _save_changes(project, actor, changed)


@atomic
def archive_project(*, project: Project, actor: Membership) -> Project:
    """Archive a project with its contents. Raises PermissionDenied, AlreadyArchived, Gone when it is gone."""
    project = lock_project_for(actor, "project.archive", project.pk)
    if project.archived_at is not None:
        raise AlreadyArchived(_("%(name)s is already archived.") % {"name": project.key})
    project.archived_at = timezone.now()
    project.save(update_fields=["archived_at", "updated_at"])
    record_activity(project=project, actor=actor, verb="project.archived", subject=project)
    _audit(project, actor, "project.archived")
    return project


@atomic
def restore_project(*, project: Project, actor: Membership) -> Project:
    """Take a project out of the archive. Raises PermissionDenied, NotArchived, Gone when it is gone."""
    project = lock_project_for(actor, "project.archive", project.pk)
    if project.archived_at is None:
        raise NotArchived(_("%(name)s is not archived.") % {"name": project.key})
    project.archived_at = None
    project.save(update_fields=["archived_at", "updated_at"])
    record_activity(project=project, actor=actor, verb="project.restored", subject=project)
    _audit(project, actor, "project.restored")
    return project


@atomic
def delete_project(*, project: Project, actor: Membership) -> None:
    """Delete a project with its contents. Raises PermissionDenied, Gone when it is gone already."""
    project = lock_project_for(actor, "project.delete", project.pk)
    _audit(project, actor, "project.deleted")
    project.delete()


@atomic
def set_on_roadmap(*, project: Project, actor: Membership, shown: bool) -> Project:
    """Show a project to every client on the public roadmap, or stop showing it.

    Raises PermissionDenied, ValidationError for a private one, Gone when it was deleted meanwhile.
    """
    project = lock_project_for(actor, "project.publish", project.pk)
    if shown and project.private:
        raise ValidationError(
            {
                "on_roadmap": _(
                    "A private project cannot be on the public roadmap. Make it visible to all members first."
                )
            }
        )
    changed = assign(project, {"on_roadmap": shown})
    if changed:
        _audit(project, actor, "project.publicity_changed", on_roadmap=shown)
    return _save_changes(project, actor, changed)


@atomic
def add_project_member(*, project: Project, actor: Membership, member: Membership) -> ProjectMember:
    """Add a member to a project, who then sees it while it is private; a second call changes nothing.

    Raises PermissionDenied, ValidationError for a former member, Gone when the project is gone.
    """
    project = lock_project_for(actor, "project.manage", project.pk)
    _require_manager(project, actor)
    # Not locked: rows of a member who leaves meanwhile show nothing, and are deleted once a day and before a return.
    if not Membership.objects.current().filter(pk=member.pk).exists():
        raise ValidationError({"member": _("This user is no longer a member of the account.")})
    link, created = ProjectMember.objects.get_or_create(project=project, member=member)
    if created:
        data = {"member": str(member.pk)}
        record_activity(project=project, actor=actor, verb="project.member_added", subject=project, data=data)
        _audit(project, actor, "project.member_added", private=project.private, **data)
    return link


@atomic
def remove_project_member(*, project: Project, actor: Membership, member: Membership) -> None:
    """Remove a member from a project; they do not see it, and their tasks in it, while it is private.

    Members may always leave. Raises PermissionDenied, LastProjectMember, Gone when they are no member of it.
    """
    project = lock_project_for(actor, "project.leave", project.pk)
    if member.pk != actor.pk:
        _require_manager(project, actor)
    if not project.project_members.filter(member=member).exists():
        raise Gone
    # Former members of the account do not see it either.
    if project.private and not any(link.member_id != member.pk for link in project.current_members()):
        raise LastProjectMember(_("A private project needs at least one member. Add another member first."))
    project.project_members.filter(member=member).delete()
    data = {"member": str(member.pk)}
    record_activity(project=project, actor=actor, verb="project.member_removed", subject=project, data=data)
    _audit(project, actor, "project.member_removed", private=project.private, **data)


def _require_manager(project: Project, actor: Membership) -> None:
    """Raise PermissionDenied unless `actor` may change who sees the project."""
    if may(actor, "project.manage_any"):
        return
    require(actor, "project.manage")
    if not project.project_members.filter(member=actor).exists():
        raise PermissionDenied(_("Only members of the project and admins can change who sees it."))


def _save_changes(project: Project, actor: Membership, changed: set[str]) -> Project:
    if changed:
        validate_fields(project, changed)
        project.save(update_fields=[*changed, "updated_at"])
        verb, data = "project.updated", {"fields": sorted(changed)}
        record_activity(project=project, actor=actor, verb=verb, subject=project, data=data)
    return project


def _audit(project: Project, actor: Membership, action: str, **data: Any) -> None:
    """Audit a change of the visibility or existence of a project, with its key and name."""
    named = {"key": project.key, "name": project.name}
    draft_audit(action=action, actor=actor, subject=project, data=named | data)

"""The settings of a project: its fields, members and statuses, archiving and deletion."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Membership
from accounts.permissions import may, require
from frontend.project_settings.forms import EditProject, EditStatus, ProjectMembers, RetireStatus
from frontend.projects.lookups import find_project
from frontend.shared.access import MemberRequest
from frontend.shared.forms import RepeatKey, Step, Switch, errors_in_words, posted, submit
from projects.actions.projects import (
    add_project_member,
    archive_project,
    delete_project,
    remove_project_member,
    restore_project,
    update_project,
)
from projects.actions.statuses import create_status, delete_status, move_status, update_status
from projects.models import Project, Status
from tasks.actions.columns import retire_status
from tenancy.folding import sort_key


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, key: str) -> HttpResponse:
    """The settings of a project. POST changes name, description, color and privacy."""
    require(request.membership, "project.update")
    project = find_project(request, key)
    form = EditProject(posted(request), instance=project, may_hide=_manages(request.membership, project))
    sent = submit(form, update_project, project=project, actor=request.membership)
    if not sent.is_done:
        return _page(request, project, sent.status, form=form)
    messages.success(request, _("The project was saved."))
    return redirect("project_settings", project.key)


def _manages(member: Membership, project: Project) -> bool:
    """Return whether to offer the controls of members and privacy. The actions check the permission again."""
    if may(member, "project.manage_any"):
        return True
    return may(member, "project.manage") and project.project_members.filter(member=member).exists()


def _page(
    request: MemberRequest, project: Project, status: int = 200, *, form: EditProject | None = None, **forms: Form
) -> HttpResponse:
    if form is None:
        form = EditProject(instance=project, may_hide=_manages(request.membership, project))
    people = list(Membership.objects.current().prefetch_related("user"))
    people.sort(key=lambda member: sort_key(member.name))
    inside = set(project.project_members.values_list("member_id", flat=True))
    context = {
        "form": form,
        "status_form": EditStatus(auto_id="new_status_%s"),
        "delete_form": _delete_form(project),
        **forms,
        "project": project,
        "manages": "private" in form.fields,
        "members": [member for member in people if member.pk in inside],
        "others": [member for member in people if member.pk not in inside],
        "statuses": _with_forms(project) if may(request.membership, "status.manage") else [],
    }
    return render(request, "project_settings/page.html", context, status=status)


def _with_forms(project: Project) -> list[tuple[Status, EditStatus]]:
    statuses = list(project.statuses.all())
    return [
        (each, EditStatus(initial={"name": each.name, "category": each.category}, auto_id=f"status_{each.pk}_%s"))
        for each in statuses
    ]


@require_POST
def archive(request: MemberRequest, key: str) -> HttpResponse:
    """Archive or restore a project."""
    require(request.membership, "project.archive")
    project = find_project(request, key)
    form = Switch(request.POST)
    if not form.is_valid():
        return _page(request, project, status=400)
    return _carry_out(request, project, form, partial(_switch_archive, project=project))


def _switch_archive(*, project: Project, actor: Membership, on: bool) -> None:
    change = archive_project if on else restore_project
    change(project=project, actor=actor)


def _delete_form(project: Project, data: QueryDict | None = None) -> RepeatKey:
    return RepeatKey(data, expected=project.key, label=_("Key of the project"))


@require_POST
def delete(request: MemberRequest, key: str) -> HttpResponse:
    """Delete a project permanently, confirmed with its key."""
    require(request.membership, "project.delete")
    project = find_project(request, key)
    form = _delete_form(project, request.POST)
    if not form.is_valid():
        return _page(request, project, status=400, delete_form=form)
    delete_project(project=project, actor=request.membership)
    messages.success(request, _("The project %(name)s was deleted.") % {"name": project.name})
    return redirect("home")


@require_POST
def members(request: MemberRequest, key: str) -> HttpResponse:
    """Add a member to a project, who then sees it while it is private."""
    return _change_member(request, key, add_project_member)


@require_POST
def remove_member(request: MemberRequest, key: str) -> HttpResponse:
    """Remove a member from a project."""
    return _change_member(request, key, remove_project_member)


def _change_member(request: MemberRequest, key: str, change: Any) -> HttpResponse:
    require(request.membership, "project.manage")
    project = find_project(request, key)
    form = ProjectMembers(request.POST)
    if not form.is_valid():
        return _page(request, project, status=400)
    response = _carry_out(request, project, form, partial(change, project=project))
    is_visible = Project.objects.visible_to(request.membership).filter(pk=project.pk).exists()
    return response if is_visible else redirect("home")


@require_POST
def add_status(request: MemberRequest, key: str) -> HttpResponse:
    """Add a status at the end of the board."""
    require(request.membership, "status.manage")
    project = find_project(request, key)
    form = EditStatus(request.POST, auto_id="new_status_%s")
    sent = submit(form, create_status, project=project, actor=request.membership)
    if not sent.is_done:
        return _page(request, project, sent.status, status_form=form)
    return redirect(_here(project, "statuses"))


@require_POST
def edit_status(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change the name and the category of a status."""
    status = _find_status(request, pk)
    return _carry_out(
        request, status.project, EditStatus(request.POST), partial(update_status, status=status), "statuses"
    )


@require_POST
def place_status(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Move a status by one place."""
    status = _find_status(request, pk)
    form = Step(request.POST)
    if not form.is_valid():
        return _page(request, status.project, status=400)
    return _carry_out(request, status.project, form, partial(move_status, status=status), "statuses")


@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for the new status of its tasks. POST deletes the status."""
    status = _find_status(request, pk)
    form = RetireStatus(posted(request), status=status)
    if form.is_valid():
        return _carry_out(request, status.project, form, partial(_retire, status=status), "statuses")
    context = {"status": status, "project": status.project, "form": form, "amount": status.tasks.count()}
    return render(request, "project_settings/retire.html", context, status=400 if form.is_bound else 200)


def _retire(*, status: Status, actor: Membership, into: Status | None) -> None:
    if into is None:
        delete_status(status=status, actor=actor)
    else:
        retire_status(status=status, actor=actor, into=into)


def _find_status(request: MemberRequest, pk: UUID) -> Status:
    require(request.membership, "status.manage")
    return get_object_or_404(Status.objects.visible_to(request.membership).select_related("project"), pk=pk)


def _here(project: Project, anchor: str) -> str:
    return reverse("project_settings", args=[project.key]) + (f"#{anchor}" if anchor else "")


def _carry_out(
    request: MemberRequest, project: Project, form: Form, action: Callable[..., Any], anchor: str = ""
) -> HttpResponse:
    """Submit a form that the page does not show again, and redirect to the page, with a message if it was refused."""
    if not submit(form, action, actor=request.membership).is_done:
        messages.error(request, errors_in_words(form))
    return redirect(_here(project, anchor))

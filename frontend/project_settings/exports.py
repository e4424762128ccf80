"""Exports of a project."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.actions.exports import request_export
from accounts.permissions import require
from frontend.project_settings.forms import NewExport
from frontend.projects.lookups import find_project
from frontend.shared.access import MemberRequest
from frontend.shared.exports import exports_of
from frontend.shared.forms import posted, submit
from tasks.exports import ProjectExport


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, key: str) -> HttpResponse:
    """The member's exports of a project and their progress. POST requests another export."""
    if request.method == "POST":
        require(request.membership, "project.export")
    project = find_project(request, key)
    form = NewExport(posted(request))
    about: dict[str, Any] = {"kind": ProjectExport.name, "subject": project}
    sent = submit(form, request_export, actor=request.membership, **about)
    if sent.is_done:
        return redirect("export_project", project.key)
    context = {
        "project": project,
        "error": " ".join(str(text) for text in form.non_field_errors()),
        **exports_of(request.membership, reverse("export_project", args=[project.key]), **about),
    }
    template = "shared/components/exports.html" if request.htmx else "project_settings/export.html"
    return render(request, template, context, status=sent.status)

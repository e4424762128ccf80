"""Exports of a project."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.permissions import require
from frontend.project_settings.forms import NewExport
from frontend.projects.lookups import find_project
from frontend.shared.access import MemberRequest
from frontend.shared.exports import progress_of
from frontend.shared.forms import posted, submit
from tasks.actions import request_export
from tasks.models import Export


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, key: str) -> HttpResponse:
    """The member's exports of a project and their progress. POST requests another export."""
    if request.method == "POST":
        require(request.membership, "project.export")
    project = find_project(request, key)
    form = NewExport(posted(request))
    sent = submit(form, request_export, actor=request.membership, project=project)
    if sent.is_done:
        return redirect("export_project", project.key)
    exports = Export.objects.visible_to(request.membership).filter(project=project)
    context = {
        "project": project,
        "error": " ".join(str(text) for text in form.non_field_errors()),
        **progress_of(exports, reverse("export_project", args=[project.key])),
    }
    for export in context["exports"]:
        export.project = project
    template = "shared/components/exports.html" if request.htmx else "project_settings/export.html"
    return render(request, template, context, status=sent.status)

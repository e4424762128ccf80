"""Projects as files."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.permissions import require
from frontend.project_settings.forms import NewExport
from frontend.projects.lookups import find_project
from frontend.shared.access import MemberRequest
from projects.models import Project
from tasks.actions import TooManyExports, request_export
from tasks.models import Export

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, key: str) -> HttpResponse:
    """The member's exports of a project, and how far they are; POST asks for another."""
    if request.method == "POST":
        require(request.membership, "project.export")
    project = find_project(request, key)
    form = NewExport(request.POST if request.method == "POST" else None)
    error = ""
    if form.is_valid():
        try:
            request_export(actor=request.membership, project=project, **form.cleaned_data)
            return redirect("export_project", project.key)
        except TooManyExports as refused:
            error = str(refused)
    return _page(request, project, error, status=409 if error else 400 if form.is_bound else 200)


def _page(request: MemberRequest, project: Project, error: str, status: int) -> HttpResponse:
    exports = list(Export.objects.visible_to(request.membership).filter(project=project)[:SHOWN])
    for export in exports:
        export.project = project
    unfinished = any(export.is_unfinished for export in exports)
    context = {"project": project, "exports": exports, "unfinished": unfinished, "error": error}
    context["exports_url"] = reverse("export_project", args=[project.key])
    template = "shared/components/exports.html" if request.htmx else "project_settings/export.html"
    return render(request, template, context, status=status)

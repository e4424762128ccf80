"""The public roadmap of an account, in the variant `roadmap`."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require
from frontend.board.columns import columns_of
from frontend.projects.lookups import find_project
from frontend.shared.access import MemberRequest, VisitorRequest
from frontend.shared.forms import Switch, submit
from projects.actions.projects import set_on_roadmap
from projects.models import Project
from tasks.models import Task

TASKS = 100  # of a column


@require_safe
@login_not_required
def index(request: VisitorRequest) -> HttpResponse:
    """The roadmap, for anonymous clients too: titles of tasks in the chosen projects, and no members."""
    projects = Project.objects.active().filter(on_roadmap=True, private=False)
    tasks = Task.objects.filter(archived_at=None).only("id", "title", "project_id", "status_id", "rank")
    return render(request, "roadmap/page.html", {"boards": columns_of(projects, tasks, first=TASKS).items()})


@require_POST
def switch(request: MemberRequest, key: str) -> HttpResponse:
    """Show a project on the roadmap, or stop showing it."""
    require(request.membership, "project.publish")
    project = find_project(request, key)
    form = Switch(request.POST)
    if form.is_valid():
        submit(form, lambda on: set_on_roadmap(project=project, actor=request.membership, shown=on))
        for text in form.non_field_errors():
            messages.error(request, str(text))
    return redirect("project", project.key)

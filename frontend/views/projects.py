"""The list of projects, and the board of one."""

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.permissions import may, require
from accounts.quotas import QuotaExceeded
from frontend.access import MemberRequest
from frontend.board import columns_of
from frontend.forms import NewProject, NewTask, refuse
from projects.actions import create_project
from projects.models import Project
from tasks.actions import create_task
from tasks.models import Task


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """All projects that the member may see; POST makes a new one."""
    if request.method != "POST":
        return _index(request, NewProject())
    require(request.membership, "project.create")
    form = NewProject(request.POST)
    if form.is_valid():
        try:
            return redirect("project", create_project(actor=request.membership, **form.cleaned_data).key)
        except QuotaExceeded as error:
            refuse(form, error)
            return _index(request, form, status=402)
        except ValidationError as error:
            refuse(form, error)
    return _index(request, form, status=400)


def _index(request: MemberRequest, form: NewProject, status: int = 200) -> HttpResponse:
    projects = list(_with_counts(request))
    context = {
        "active": [project for project in projects if project.archived_at is None],
        "archived": [project for project in projects if project.archived_at is not None],
        "form": form if may(request.membership, "project.create") else None,
    }
    return render(request, "projects/index.html", context, status=status)


def _with_counts(request: MemberRequest) -> QuerySet[Project]:
    alive = Q(tasks__archived_at=None)
    return (
        Project.objects.visible_to(request.membership)
        .annotate(
            all_tasks=Count("tasks", filter=alive),
            open_tasks=Count("tasks", filter=alive & Q(tasks__completed_at=None)),
            done_tasks=Count("tasks", filter=alive & Q(tasks__completed_at__isnull=False)),
        )
        .order_by("key")  # said again, because grouping drops the model's order
    )


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: MemberRequest, key: str) -> HttpResponse:
    """The board of a project; POST makes a new task in it."""
    if request.method == "POST":
        require(request.membership, "task.write")
    project = get_object_or_404(Project.objects.visible_to(request.membership), key=key)
    if request.method != "POST":
        return _detail(request, project, NewTask())
    form = NewTask(request.POST)
    if form.is_valid():
        try:
            create_task(project=project, actor=request.membership, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return redirect("project", project.key)
    return _detail(request, project, form, status=400)


def _detail(request: MemberRequest, project: Project, form: NewTask, status: int = 200) -> HttpResponse:
    tasks = Task.objects.defer("description").with_subtask_counts().with_people_and_labels()
    columns = columns_of([project], tasks)[project]
    context = {
        "project": project,
        "columns": columns,
        "amount": sum(column.total for column in columns),
        "form": form if may(request.membership, "task.write") else None,
    }
    return render(request, "projects/detail.html", context, status=status)

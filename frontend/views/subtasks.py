"""All subtasks of the account in pages, and what is done with single ones."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require
from frontend.access import MemberRequest
from frontend.addresses import TaskKey
from frontend.forms import NewSubtask, Switch, refuse
from frontend.views.tasks import find_task, task_page
from tasks.actions import create_subtask, update_subtask
from tasks.models import Subtask, Task

PAGE_SIZE = 10


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The subtasks that the member may see, by title. Raises Http404 for a page that there is not."""
    subtasks = Subtask.objects.visible_to(request.membership).select_related("task__project")
    try:
        page = Paginator(subtasks.order_by("title", "id"), PAGE_SIZE).page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404 from error
    return render(request, "subtasks/index.html", {"page": page})


@require_POST
def add(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Add a subtask to a task."""
    require(request.membership, "subtask.write")
    task = find_task(request, key)
    form = NewSubtask(request.POST)
    if form.is_valid():
        try:
            create_subtask(task=task, actor=request.membership, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _show(request, task)
    return task_page(request, task, subtask_form=form, status=400)


@require_POST
def tick(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark a subtask as done, or as not done."""
    require(request.membership, "subtask.write")
    subtasks = Subtask.objects.visible_to(request.membership).select_related("task__project")
    subtask = get_object_or_404(subtasks, pk=pk)
    form = Switch(request.POST)
    if not form.is_valid():
        return task_page(request, subtask.task, status=400)
    update_subtask(subtask=subtask, actor=request.membership, done=form.cleaned_data["on"])
    return _show(request, subtask.task)


def _show(request: MemberRequest, task: Task) -> HttpResponse:
    if request.htmx:
        return task_page(request, task)
    return redirect(reverse("task", args=[task.key]) + "#subtasks")

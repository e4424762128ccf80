"""The page of a task."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may, require
from frontend.access import MemberRequest
from frontend.addresses import TaskKey
from frontend.forms import MoveTask, NewSubtask, refuse
from projects.models import Category, Status
from tasks.actions import update_task
from tasks.models import Task


@require_safe
def detail(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Everything about one task."""
    return task_page(request, find_task(request, key))


@require_POST
def move(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Give a task another status, and thereby complete or reopen it."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = MoveTask(request.POST, task=task)
    if form.is_valid():
        try:
            update_task(task=task, actor=request.membership, status=form.cleaned_data["status"])
        except ValidationError as error:
            refuse(form, error)
        else:
            return redirect("task", str(task.key))
    return task_page(request, task, move_form=form, status=400)


def find_task(request: MemberRequest, key: TaskKey) -> Task:
    """Return the task with its project and status. Raises Http404 alike for one that is hidden or absent."""
    tasks = Task.objects.visible_to(request.membership).select_related("project", "status").with_people_and_labels()
    return get_object_or_404(tasks, project__key=key.project, number=key.number)


def task_page(
    request: MemberRequest,
    task: Task,
    *,
    move_form: MoveTask | None = None,
    subtask_form: NewSubtask | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the page of `task`, and with what was wrong in one of its forms; to htmx with its subtasks alone."""
    subtasks = list(task.subtasks.all())
    statuses = list(task.project.statuses.all())
    context = {
        "task": task,
        "project": task.project,
        "subtasks": subtasks,
        "done": sum(subtask.done for subtask in subtasks),
        "subtask_form": subtask_form or NewSubtask(),
        "move_form": move_form,
        "statuses": statuses,
        "next_status": _first(statuses, Category.TODO if task.completed_at else Category.DONE),
        "can_write": may(request.membership, "task.write"),
    }
    template = "tasks/subtasks.html" if request.htmx else "tasks/detail.html"
    return render(request, template, context, status=status)


def _first(statuses: list[Status], category: Category) -> Status | None:
    """Return the status that "Complete" or "Reopen" leads to, None if the project has no such column."""
    return next((status for status in statuses if status.category == category), None)

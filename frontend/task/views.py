"""The page of a task, its text and its state."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.shared.forms import RepeatKey, errors_in_words, posted, submit
from frontend.task.forms import EditText, MoveTask, StartTask
from frontend.task.page import task_page, written
from projects.models import Activity, Project
from tasks.actions.progress import archive_task, complete_task, reopen_task, restore_task
from tasks.actions.tasks import StaleVersion, create_task, delete_task, update_task
from tasks.models import Task


@require_safe
def detail(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Everything about one task."""
    return task_page(request, find_task(request, key))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """The form to create a task in any project. POST creates it."""
    require(request.membership, "task.write")
    projects = Project.objects.visible_to(request.membership).active()
    form = StartTask(posted(request), projects=projects)
    sent = submit(form, create_task, actor=request.membership)
    if sent.is_done:
        return redirect("task", sent.result.key)
    return render(request, "task/start.html", {"form": form, "projects": projects}, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def text(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """The form for title and description. POST saves them or shows a preview."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = EditText(posted(request), task=task)
    if "preview" in request.POST:
        return _text(request, task, form, preview=form.data.get("description", ""))
    try:
        sent = submit(form, form.save, actor=request.membership, unless=(StaleVersion,))
    except StaleVersion:
        return _text(request, task, form.again(), status=409, meanwhile=changed_last(task))
    return written(request, task, "task-text") if sent.is_done else _text(request, task, form, status=sent.status)


def _text(request: MemberRequest, task: Task, form: Any, status: int = 200, **more: Any) -> HttpResponse:
    return task_page(request, task, part="task-text", editing="text", text_form=form, status=status, **more)


def changed_last(task: Task) -> Activity | None:
    """Return the last change of the task with its actor."""
    own = Activity.objects.filter(object_id=task.pk).prefetch_related("actor__user")
    return own.order_by("-created_at", "-id").first()


@require_POST
def move(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Change the status of a task, which can complete or reopen it."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = MoveTask(request.POST, task=task)
    sent = submit(form, update_task, task=task, actor=request.membership)
    if sent.is_done:
        return written(request, task, "facts")
    return task_page(request, task, part="facts", move_form=form, status=sent.status)


def _step(action: Callable[..., Task]) -> Callable[..., HttpResponse]:
    """Return a view that calls `action` with a task. A repeated call responds with the present state."""

    @require_POST
    def view(request: MemberRequest, key: TaskKey) -> HttpResponse:
        require(request.membership, "task.write")
        task = find_task(request, key)
        form = Form(request.POST)
        sent = submit(form, action, task=task, actor=request.membership)
        if not sent.is_done:
            text = errors_in_words(form)
            return task_page(request, task, part="task-actions", refused=text, status=sent.status)
        if request.POST.get("back") == "my-tasks":
            return redirect("my_tasks")
        return written(request, task, "task-actions")

    return view


complete, reopen = _step(complete_task), _step(reopen_task)
archive, restore = _step(archive_task), _step(restore_task)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Ask for the key of a task. POST deletes the task permanently."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = RepeatKey(posted(request), expected=task.key, label=_("Key of the task"))
    if form.is_valid():
        delete_task(task=task, actor=request.membership)
        messages.success(request, _("%(key)s was deleted.") % {"key": task.key})
        return redirect("project", task.project.key)
    context = {"task": task, "project": task.project, "form": form}
    return render(request, "task/delete.html", context, status=400 if form.is_bound else 200)

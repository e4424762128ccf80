"""The fields of a task beside its text: priority, due date, assignees, labels. Each has a small form."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task, people_of
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from frontend.task.forms import Assign, BasedOn, PutLabels, SetDueDate, SetPriority
from frontend.task.page import task_page, written
from projects.models import Label
from tasks.actions.tasks import StaleVersion, update_task
from tasks.models import Task

PART = "facts"


@require_POST
def priority(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Set the priority of a task. The last write wins."""
    require(request.membership, "task.write")
    task, form = find_task(request, key), SetPriority(request.POST)
    sent = submit(form, update_task, task=task, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, priority_form=form, status=sent.status)


@require_POST
def due(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Set or remove the due date of a task. The last write wins."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = SetDueDate({} if "clear" in request.POST else request.POST, auto_id="task_%s")
    sent = submit(form, update_task, task=task, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, due_form=form, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def assignees(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Choose the assignees of a task."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    return _choose(request, task, Assign(posted(request), task=task, people=people_of(task.project)), "assignees")


@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Choose the labels of a task. POST can create a new one."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    return _choose(request, task, PutLabels(posted(request), task=task, known=list(Label.objects.all())), "labels")


def _choose(request: MemberRequest, task: Task, form: BasedOn, name: str) -> HttpResponse:
    try:
        sent = submit(form, form.save, actor=request.membership, unless=(StaleVersion,))
    except StaleVersion:
        return _form(request, task, form.again(), name, 409, meanwhile=True)
    return written(request, task, PART) if sent.is_done else _form(request, task, form, name, sent.status)


def _form(request: MemberRequest, task: Task, form: BasedOn, name: str, status: int, **more: bool) -> HttpResponse:
    forms = {f"{name}_form": form, **more}
    return task_page(request, task, part=PART, editing=name, status=status, **forms)

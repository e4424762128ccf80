"""What is known of a task in single values: priority, due date, assignees, labels. Each is a small form."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task, people_of
from frontend.shared.access import MemberRequest
from frontend.shared.forms import refuse
from frontend.task.forms import Assign, BasedOn, PutLabels, SetDueDate, SetPriority
from frontend.task.page import task_page, written
from projects.actions import create_label
from projects.models import Label
from tasks.actions import StaleVersion, update_task
from tasks.models import Task

PART = "facts"


@require_POST
def priority(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Give a task a priority; the last one who does wins."""
    require(request.membership, "task.write")
    task, form = find_task(request, key), SetPriority(request.POST)
    if not form.is_valid():
        return task_page(request, task, part=PART, priority_form=form, status=400)
    update_task(task=task, actor=request.membership, **form.cleaned_data)
    return written(request, task, PART)


@require_POST
def due(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Give a task a due date, or none; the last one who does wins."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = SetDueDate({} if "clear" in request.POST else request.POST, auto_id="task_%s")
    if not form.is_valid():
        return task_page(request, task, part=PART, due_form=form, status=400)
    update_task(task=task, actor=request.membership, **form.cleaned_data)
    return written(request, task, PART)


@require_http_methods(["GET", "HEAD", "POST"])
def assignees(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Choose who works on a task."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    data = request.POST if request.method == "POST" else None
    return _choose(request, task, Assign(data, task=task, people=people_of(task.project)), "assignees")


@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Choose the labels of a task, and make a new one if there is none that fits."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    data = request.POST if request.method == "POST" else None
    return _choose(request, task, PutLabels(data, task=task, known=list(Label.objects.all())), "labels")


def _choose(request: MemberRequest, task: Task, form: BasedOn, name: str) -> HttpResponse:
    if not form.is_valid():
        return _form(request, task, form, name, 400 if form.is_bound else 200)
    try:
        update_task(task=task, actor=request.membership, version=form.expected_version(), **_with_new(request, form))
    except StaleVersion:
        return _form(request, task, form.again(), name, 409, meanwhile=True)
    except ValidationError as error:
        refuse(form, error)
        return _form(request, task, form, name, 400)
    return written(request, task, PART)


def _with_new(request: MemberRequest, form: BasedOn) -> dict[str, Any]:
    """Return the fields of the task, with the label that is to be made. Raises ValidationError."""
    fields = form.fields_of_task()
    if name := fields.pop("new", ""):
        known = next((label for label in Label.objects.all() if label.name.casefold() == name.casefold()), None)
        fields["labels"] = [*fields["labels"], known or create_label(actor=request.membership, name=name)]
    return fields


def _form(request: MemberRequest, task: Task, form: BasedOn, name: str, status: int, **more: bool) -> HttpResponse:
    forms = {f"{name}_form": form, **more}
    return task_page(request, task, part=PART, editing=name, status=status, **forms)

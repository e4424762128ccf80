"""The list of all subtasks, and changes of single subtasks."""

from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Membership
from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.shared.forms import Switch, submit
from frontend.shared.pages import uncounted_page_of
from frontend.task.forms import NewSubtask, PlaceSubtask, RenameSubtask
from frontend.task.page import task_page, written
from tasks.actions.subtasks import create_subtask, delete_subtask, move_subtask, update_subtask
from tasks.models import Subtask, Task

PAGE_SIZE = 10
PART = "subtasks"


class ListedSubtask(NamedTuple):
    """A subtask as the list of all subtasks shows it."""

    title: str
    done: bool
    project_key: str
    task_number: int
    color: str

    @property
    def task_key(self) -> str:
        return f"{self.project_key}-{self.task_number}"


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The subtasks that the member may see, by title. Raises Http404 for a page that does not exist."""
    subtasks = Subtask.objects.visible_to(request.membership).order_by("title_key", "id")
    rows = subtasks.values_list("title", "done", "task__project__key", "task__number", "task__project__color")
    page = uncounted_page_of(request, rows, PAGE_SIZE)
    return render(request, "task/subtasks_page.html", {"page": page, "rows": [ListedSubtask(*row) for row in page]})


@require_POST
def add(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Add a subtask to a task."""
    require(request.membership, "subtask.write")
    task = find_task(request, key)
    form = NewSubtask(request.POST, auto_id="subtask_%s")
    sent = submit(form, create_subtask, task=task, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, subtask_form=form, status=sent.status)


@require_POST
def tick(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark a subtask as done or not done."""
    subtask, task = _find(request, pk)
    form = Switch(request.POST)
    sent = submit(form, lambda on: update_subtask(subtask=subtask, actor=request.membership, done=on))
    return written(request, task, PART) if sent.is_done else task_page(request, task, part=PART, status=sent.status)


@require_POST
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Rename a subtask."""
    subtask, task = _find(request, pk)
    form = RenameSubtask(request.POST, auto_id=f"rename_{pk}_%s")
    sent = submit(form, update_subtask, subtask=subtask, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, refused_subtask=pk, rename_form=form, status=sent.status)


@require_POST
def move(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Move a subtask within its list."""
    subtask, task = _find(request, pk)
    form = PlaceSubtask(request.POST)
    sent = submit(form, partial(_move, subtask, request.membership))
    return written(request, task, PART) if sent.is_done else task_page(request, task, part=PART, status=sent.status)


def _move(subtask: Subtask, actor: Membership, *, to: str, before: UUID | None) -> None:
    place: dict[str, Any] = (
        {"step": PlaceSubtask.STEPS[to]} if to else {"before": Subtask(pk=before, task=subtask.task)}
    )
    move_subtask(subtask=subtask, actor=actor, **place)


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a subtask permanently."""
    subtask, task = _find(request, pk)
    delete_subtask(subtask=subtask, actor=request.membership)
    return written(request, task, PART)


def _find(request: MemberRequest, pk: UUID) -> tuple[Subtask, Task]:
    """Return a subtask and its task. Raises PermissionDenied, and the same Http404 for hidden and absent ones."""
    require(request.membership, "subtask.write")
    subtasks = Subtask.objects.visible_to(request.membership).select_related("task__project")
    subtask = get_object_or_404(subtasks, pk=pk)
    return subtask, find_task(request, TaskKey(subtask.task.project.key, subtask.task.number))

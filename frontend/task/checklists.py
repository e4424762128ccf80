"""Ticking items of task lists in a description or a comment."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.shared.forms import submit
from frontend.task.comments import find_comment
from frontend.task.forms import TickItem
from frontend.task.page import task_page, written
from tasks.actions.checklists import tick_in_comment, tick_in_description
from tasks.checklists import ItemChanged
from tasks.models import Task


@require_POST
def tick_text(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Check or uncheck an item in the description of a task."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    action = partial(tick_in_description, task=task, actor=request.membership)
    return _tick(request, task, "task-text", action)


@require_POST
def tick_comment(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Check or uncheck an item in a comment of the user."""
    require(request.membership, "comment.write")
    comment = find_comment(request, pk)
    task = find_task(request, TaskKey(comment.task.project.key, comment.task.number))
    action = partial(tick_in_comment, comment=comment, actor=request.membership)
    return _tick(request, task, "feed", action, refused_comment=pk)


def _tick(
    request: MemberRequest, task: Task, part: str, action: Callable[..., object], **refused: Any
) -> HttpResponse:
    form = TickItem(request.POST)
    try:
        sent = submit(form, lambda **_fields: action(tick=form.tick()), unless=(ItemChanged,))
    except ItemChanged as error:
        task = find_task(request, TaskKey(task.project.key, task.number))  # its present text
        return task_page(request, task, part=part, status=409, refused_tick=str(error), **refused)
    return written(request, task, part) if sent.is_done else task_page(request, task, part=part, status=sent.status)

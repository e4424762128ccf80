"""Ticking items of task lists in a description or a comment."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.task.comments import find_comment
from frontend.task.forms import TickItem
from frontend.task.page import task_page, written
from tasks.actions import tick_in_comment, tick_in_description
from tasks.checklists import ItemChanged


@require_POST
def tick_text(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Tick an item of the description of a task, or take the tick away."""
    require(request.membership, "task.write")
    task = find_task(request, key)
    form = TickItem(request.POST)
    if not form.is_valid():
        return task_page(request, task, part="task-text", status=400)
    try:
        tick_in_description(task=task, actor=request.membership, tick=form.tick())
    except ItemChanged as error:
        task = find_task(request, key)
        return task_page(request, task, part="task-text", status=409, refused_tick=str(error))
    return written(request, task, "task-text")


@require_POST
def tick_comment(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Tick an item of one's own comment, or take the tick away."""
    require(request.membership, "comment.write")
    comment = find_comment(request, pk)
    task = find_task(request, TaskKey(comment.task.project.key, comment.task.number))
    form = TickItem(request.POST)
    if not form.is_valid():
        return task_page(request, task, part="feed", status=400)
    try:
        tick_in_comment(comment=comment, actor=request.membership, tick=form.tick())
    except ItemChanged as error:
        return task_page(request, task, part="feed", status=409, refused_comment=pk, refused_tick=str(error))
    return written(request, task, "feed")

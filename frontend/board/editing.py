"""Moving and editing a task on the board and in the list of its project."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget

from accounts.models import Membership
from accounts.permissions import require
from frontend.board.filters import read_look
from frontend.board.forms import EditTask, PlaceTask
from frontend.board.views import parts_of, project_url
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from tasks.actions.progress import move_task
from tasks.actions.tasks import StaleVersion, update_task
from tasks.models import Task


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """The form to move a task on the board. POST moves it. The query string is that of the board."""
    require(request.membership, "task.write")
    task = find_task(request, key, to_show=False)
    read_look(request, task.project)  # an invalid URL is refused before anything is written
    form = PlaceTask(posted(request), task=task)
    was = task.status_id
    try:
        sent = submit(form, partial(_move, task, request.membership), unless=(StaleVersion,))
    except StaleVersion:
        form.add_error(None, _("This task was changed in the meantime. Check its place and move it again."))
        return _places(request, task, form, 409)
    if not sent.is_done:
        return _places(request, task, form, sent.status)
    if request.htmx:
        return parts_of(request, task.project.key, {was, sent.result.status_id})
    return redirect(project_url(task.project, request.GET.urlencode()))


def _move(task: Task, actor: Membership, **place: Any) -> Task:
    return move_task(task=task, actor=actor, **_destination(task, **place))


def _destination(task: Task, step: str, **fields: Any) -> dict[str, Any]:
    """Return the arguments of the action: the fields that were sent, or the neighbor that is one step away."""
    given = {name: value for name, value in fields.items() if value is not None}
    if not step:
        return given
    column = Task.objects.filter(status=task.status_id, archived_at=None).exclude(pk=task.pk)
    if step in ("top", "end"):
        first = column.order_by("rank", "id").first() if step == "top" else None
        return given | ({"before": first} if first else {})
    ahead = {"rank__lt": task.rank} if step == "up" else {"rank__gt": task.rank}
    order = ("-rank", "-id") if step == "up" else ("rank", "id")
    neighbour = column.filter(**ahead).order_by(*order).first()
    side = "before" if step == "up" else "after"
    return given | ({side: neighbour} if neighbour else _destination(task, {"up": "top", "down": "end"}[step]))


def _places(request: MemberRequest, task: Task, form: PlaceTask, status: int) -> HttpResponse:
    context = {
        "task": task,
        "project": task.project,
        "statuses": list(task.project.statuses.all()),
        "form": form,
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
    }
    if not request.htmx:
        return render(request, "board/place.html", context, status=status)
    return _instead_of(render(request, "board/places.html", context, status=status), "#dialog-body", "innerHTML")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """The form for title, status, priority and due date of a task. POST changes them."""
    require(request.membership, "task.write")
    task = find_task(request, key, to_show=False)
    read_look(request, task.project)
    form = EditTask(posted(request), instance=task)
    try:
        sent = submit(form, update_task, task=task, actor=request.membership, unless=(StaleVersion,))
    except StaleVersion:
        return _form(request, task, _overwriting(task, form), 409)
    if not sent.is_done:
        return _form(request, task, form, sent.status)
    if request.htmx:
        return parts_of(request, task.project.key, set())
    return redirect(project_url(task.project, request.GET.urlencode()))


def _overwriting(task: Task, form: EditTask) -> EditTask:
    """Return the form for the present version of the task, so that a second POST overwrites the other change."""
    data = {**{name: form.data.get(name, "") for name in form.fields}, "version": str(task.version)}
    again = EditTask(data, instance=task)
    again.add_error(None, _("This task was changed in the meantime. Save again to overwrite the change, or cancel."))
    return again


def _form(request: MemberRequest, task: Task, form: EditTask, status: int) -> HttpResponse:
    query = request.GET.urlencode()
    context = {
        "task": task,
        "project": task.project,
        "form": form,
        "query": f"?{query}" if query else "",
        "back": project_url(task.project, query),
    }
    if not request.htmx:
        return render(request, "board/edit.html", context, status=status)
    return _instead_of(render(request, "board/row_form.html", context, status=status), f"#row-{task.pk}", "outerHTML")


def _instead_of(response: HttpResponse, target: str, swap: str) -> HttpResponse:
    """Let htmx replace the form itself. A successful form replaces another element."""
    return reswap(retarget(response, target), swap)  # type: ignore[arg-type]

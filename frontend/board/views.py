"""The page of a project: its tasks as a board or as a list, and new ones."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import may, require
from frontend.board.cards import with_cards
from frontend.board.columns import columns_of
from frontend.board.filters import Look, chips_for, groups_for, orders_for, read_look
from frontend.board.forms import NewTask
from frontend.board.listing import listing_of
from frontend.projects.lookups import find_project, people_of
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from projects.models import Label, Project
from tasks.actions import create_task


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: MemberRequest, key: str) -> HttpResponse:
    """The tasks of a project; POST makes a new one."""
    if request.method == "POST":
        require(request.membership, "task.write")
    project = find_project(request, key)
    form = NewTask(posted(request), project=project)
    sent = submit(form, create_task, project=project, actor=request.membership)
    if not sent.is_done:
        return _page(request, project, form, sent.status)
    if request.htmx:
        return parts_of(request, key, {sent.result.status_id})
    return redirect(project_url(project, request.GET.urlencode()))


@require_safe
def parts(request: MemberRequest, key: str) -> HttpResponse:
    """The tasks alone, for pages that are open: all of them, or the columns that are named by `column`."""
    try:
        columns = {UUID(text) for text in request.GET.getlist("column")}
    except ValueError as error:
        raise BadRequest("A column is named by the id of its status.") from error
    return parts_of(request, key, columns)


def parts_of(request: MemberRequest, key: str, columns: set[UUID]) -> HttpResponse:
    """Answer with what changed of the tasks that the address asks for: some columns, or without any all of it.

    Reads the project, which knows of what was just written: who wrote it need not ask again when they hear of it.
    """
    look = read_look(request, find_project(request, key))
    return render(request, "board/parts.html", _tasks(request, look, columns) | {"is_part": bool(columns)})


def project_url(project: Project, query: str) -> str:
    """Return the address of a project's page as somebody looks at it; `query` may be anything that they sent."""
    return reverse("project", args=[project.key]) + (f"?{query}" if query else "")


def _page(request: MemberRequest, project: Project, form: NewTask, status: int = 200) -> HttpResponse:
    look = read_look(request, project)
    people = people_of(project)
    context = _tasks(request, look, set(), people) | {
        "form": form if may(request.membership, "task.write") else None,
        "chips": chips_for(look, people, list(Label.objects.all())),
        "orders": orders_for(look),
        "groups": groups_for(look),
    }
    return render(request, "board/page.html", context, status=status)


def _tasks(request: MemberRequest, look: Look, columns: set[UUID], people: Any = None) -> dict[str, Any]:
    """Return what the tasks are shown from.

    The project has been read before them, so they are as new as its last event at least: what is told after that
    number may be in them already, and nothing is missing.
    """
    tasks = look.tasks.defer("description").with_subtask_counts()
    query = look.query_with(page=look.query.get("page", ""))
    can_write = may(request.membership, "task.write")
    shown: dict[str, Any]
    if look.view == "list":
        people = people_of(look.project) if people is None else people
        listing = listing_of(look, tasks.with_people_and_labels(), {member.pk: member for member in people})
        shown, amount = {"listing": listing}, listing.page.paginator.count
    else:
        found = columns_of([look.project], tasks, columns or None)[look.project]
        shown = {"columns": with_cards(found, query=query, is_movable=can_write)}
        amount = look.tasks.count() if columns else sum(column.total for column in found)
    return {
        "project": look.project,
        "look": look,
        "query": query,
        "amount": amount,
    } | {
        "is_project_page": True,
        "can_write": can_write,
        "can_add": can_write and look.project.archived_at is None,
        **shown,
    }

"""The page of a project: its tasks as a board or as a list, and the form for new tasks."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Membership
from accounts.permissions import may, require
from frontend.board.cards import with_cards
from frontend.board.columns import columns_of
from frontend.board.filters import Look, read_look, toolbar_of
from frontend.board.forms import NewTask
from frontend.board.listing import listing_of
from frontend.projects.lookups import find_project, people_of
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from projects.models import Project
from tasks.actions.tasks import create_task


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: MemberRequest, key: str) -> HttpResponse:
    """The tasks of a project. POST creates a task."""
    if request.method == "POST":
        require(request.membership, "task.write")
    project = find_project(request, key)
    look = read_look(request, project)  # an invalid URL is refused before anything is written
    form = NewTask(posted(request), project=project)
    sent = submit(form, create_task, project=project, actor=request.membership)
    if not sent.is_done:
        return _page(request, look, form, sent.status)
    if request.htmx:
        return parts_of(request, key, {sent.result.status_id})
    return redirect(project_url(project, request.GET.urlencode()))


@require_safe
def parts(request: MemberRequest, key: str) -> HttpResponse:
    """The tasks without the rest of the page, for live updates: all tasks, or the columns named by `column`."""
    try:
        columns = {UUID(text) for text in request.GET.getlist("column")}
    except ValueError as error:
        raise BadRequest("A column is named by the id of its status.") from error
    return parts_of(request, key, columns)


def parts_of(request: MemberRequest, key: str, columns: set[UUID]) -> HttpResponse:
    """Respond with the tasks of `columns`, or with all tasks of the URL if it is empty.

    Reads the project again, with the number of its last event. The client that wrote does not ask again when it
    receives that event.
    """
    look = read_look(request, find_project(request, key))
    people = people_of(look.project) if look.view == "list" else []
    return render(request, "board/parts.html", _tasks(request, look, people, columns) | {"is_part": bool(columns)})


def project_url(project: Project, query: str) -> str:
    """Return the URL of a project's page. `query` is a query string from a request and is not checked."""
    return reverse("project", args=[project.key]) + (f"?{query}" if query else "")


def _page(request: MemberRequest, look: Look, form: NewTask, status: int) -> HttpResponse:
    people = people_of(look.project)
    context = _tasks(request, look, people) | {
        "form": form if may(request.membership, "task.write") else None,
        "toolbar": toolbar_of(look, people),
    }
    return render(request, "board/page.html", context, status=status)


def _tasks(
    request: MemberRequest, look: Look, people: list[Membership], columns: Collection[UUID] = ()
) -> dict[str, Any]:
    """Return the context of the tasks, or of the tasks in `columns`. `people` are the members who see the project.

    The project was read before the tasks. So they are at least as new as the number of its last event, and a page that
    applies later events misses none.
    """
    tasks = look.tasks.defer("description").with_subtask_counts()
    query = look.query_with(page=look.query.get("page", ""))
    can_write = may(request.membership, "task.write")
    shown: dict[str, Any]
    if look.view == "list":
        listing = listing_of(look, tasks.with_people_and_labels(), {member.pk: member for member in people})
        shown, amount = {"listing": listing}, listing.page.paginator.count
    else:
        found = columns_of([look.project], tasks, only=columns or None, limits=look.limits)[look.project]
        shown = {"columns": with_cards(found, people, query=query, is_movable=can_write)}
        amount = look.tasks.count() if columns else sum(column.total for column in found)
    return {
        "project": look.project,
        "look": look,
        "query": query,
        "amount": amount,
        "is_project_page": True,
        "can_write": can_write,
        "can_add": can_write and look.project.archived_at is None,
        **shown,
    }

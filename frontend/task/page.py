"""The page of a task: as a page, as a panel beside the board, and as single parts for htmx."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from accounts.permissions import may
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.task.activity import UNTIL, Feed, feed_of
from frontend.task.forms import NewSubtask, SetDueDate, WriteComment
from frontend.task.references import References
from projects.models import Status
from tasks.models import Comment, Priority, Subtask, Task
from tenancy.clock import current_date

# The parts by their ids. htmx sends the id of the element that it replaces.
PANEL = "panel"
PARTS = {
    PANEL: "task/article.html",
    "task": "task/article.html",
    "task-actions": "task/actions.html",
    "task-text": "task/text.html",
    "subtasks": "task/subtasks.html",
    "feed": "task/feed.html",
    "facts": "task/facts.html",
}


class TaskPage:
    """The data of the parts. Each attribute is read once, when a template uses it."""

    def __init__(self, request: MemberRequest, task: Task, part: str, forms: Mapping[str, object]) -> None:
        self.request, self.task, self.part = request, task, part
        comment = forms.get("editing_comment")
        self.comment = comment if isinstance(comment, Comment) else None  # shown as a form
        self.previews = [str(forms[name]) for name in ("preview", "comment_preview") if forms.get(name)]

    @cached_property
    def subtasks(self) -> list[Subtask]:
        return list(self.task.subtasks.all())

    @property
    def done(self) -> int:
        return sum(subtask.done for subtask in self.subtasks)

    @cached_property
    def statuses(self) -> list[Status]:
        return list(self.task.project.statuses.all())

    @property
    def has_done_status(self) -> bool:
        return any(status.category == "done" for status in self.statuses)

    @property
    def has_todo_status(self) -> bool:
        return any(status.category == "todo" for status in self.statuses)

    @cached_property
    def until(self) -> datetime | None:
        """The end of the requested page of the stream, None for the newest page."""
        try:
            moment = datetime.fromisoformat(self.request.GET.get(UNTIL, ""))
        except ValueError:
            return None
        return moment if moment.tzinfo is not None and moment.year > 1 else None

    @cached_property
    def feed(self) -> Feed:
        feed = feed_of(self.task, current_date(), until=self.until)
        if self.comment is None or feed.shows(self.comment.pk):
            return feed
        self.until = self.comment.created_at
        return feed_of(self.task, current_date(), until=self.until)

    @cached_property
    def references(self) -> References:
        """The references of the texts that are shown."""
        texts = [*self.previews]
        if self.part != "feed":
            texts.append(self.task.description)
        if self.part != "task-text":
            texts += [entry.comment.body for entry in self.feed.entries if entry.comment]
        return References(self.request.membership, self.task, texts)

    @property
    def here(self) -> str:
        """The query string of this page of the stream."""
        return f"?{urlencode({UNTIL: self.until.isoformat()})}" if self.until else ""

    @property
    def can_write(self) -> bool:
        return may(self.request.membership, "task.write")

    @property
    def can_delete_any_comment(self) -> bool:
        return may(self.request.membership, "comment.delete_any")

    @property
    def priorities(self) -> list[tuple[str, Any]]:
        return list(Priority.choices)


def task_page(  # arguments for each state of the page
    request: MemberRequest,
    task: Task,
    *,
    part: str = PANEL,
    editing: str = "",
    status: int = 200,
    **forms: BaseForm | object,
) -> HttpResponse:
    """Respond with the page of `task`, and to htmx with the part that it replaces, or else with `part`.

    `editing` names the part that is shown as a form. `forms` are bound forms for the template.
    `editing_comment` is the comment whose form is shown.
    """
    shown = str(request.htmx.target) if request.htmx.target in PARTS else part
    context = {
        "task": task,
        "project": task.project,
        "shown": TaskPage(request, task, shown if request.htmx else PANEL, forms),
        "editing": editing,
        "subtask_form": NewSubtask(auto_id="subtask_%s"),
        "comment_form": WriteComment(auto_id="comment_%s"),
        "due_form": SetDueDate(initial={"due_date": task.due_date}, auto_id="task_%s"),
        **forms,
    }
    in_panel = request.htmx.target == PANEL or PANEL in request.GET
    context |= {"in_panel": in_panel, "panel_query": f"?{PANEL}" if in_panel else ""}
    template = PARTS[shown] if request.htmx else "task/page.html"
    response = render(request, template, context, status=status)
    if request.htmx:
        response["HX-Push-Url"] = "false"  # a part has no URL; panel.js sets the URL of the task
    patch_vary_headers(
        response, ["HX-Request", "HX-Target"]
    )  # otherwise the back button can show a part instead of a page
    return response


def written(request: MemberRequest, task: Task, part: str) -> HttpResponse:
    """Respond to a write: with the changed part to htmx, otherwise with a redirect to it."""
    if not request.htmx:
        until = request.GET.get(UNTIL)
        query = f"?{urlencode({UNTIL: until})}" if until else ""
        return redirect(reverse("task", args=[task.key]) + query + (f"#{part}" if part != PANEL else ""))
    response = task_page(request, find_task(request, TaskKey(task.project.key, task.number)), part=part)
    response["HX-Trigger"] = "task-changed"  # the other parts reload
    return response

"""`{% load tracker %}`: projects and tasks in templates. The only tags that import projects or tasks."""

from datetime import date, datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.board.filters import Look
from frontend.projects.sidebar import project_links_of
from frontend.shared import presentation
from frontend.task.attachments import files_of
from frontend.task.page import TaskPage
from frontend.task.references import Ticks
from tasks.checklists import fingerprint
from tasks.models import Comment, Task
from tenancy.clock import current_date
from tenancy.folding import search_words, spans

register = template.Library()


@register.simple_tag(takes_context=True)
def project_links(context: template.Context) -> SafeString:
    """The side bar's list of projects that the member may see. One query."""
    member, current = context["request"].membership, context.get("project")
    return project_links_of(member, current, is_project_page="is_project_page" in context).html()


@register.filter
def query(look: Look, change: str) -> str:
    """The query string with a changed parameter, as in `{{ look|query:"view=list" }}`. Never empty."""
    name, _equals, value = change.partition("=")
    return look.query_with(**{name: value}) or "?"


@register.filter
def page_query(look: Look, number: int) -> str:
    """The query string of another page of the same list."""
    return look.query_with(page=str(number))


@register.filter
def found(text: str, query: str) -> SafeString:
    """A text in which the words of a query are marked."""
    parts, end = [], 0
    for start, after in spans(text, search_words(query)):
        parts += [text[end:start], format_html("<mark>{}</mark>", text[start:after])]
        end = after
    return format_html_join("", "{}", ((part,) for part in [*parts, text[end:]]))


@register.simple_tag
def due_day(due: date, completed_at: datetime | None = None) -> SafeString:
    """A due date, marked as late if it has passed and the task is open."""
    today = current_date()
    late = "" if completed_at else presentation.lateness(due, today)
    title = presentation.full_date(due)
    return format_html(
        '<span class="{}"><span class="for-screen-readers">{} </span><time datetime="{}" title="{}">{}</time></span>',
        "due late" if late else "due",
        _("overdue, was due") if late else _("due"),
        due.isoformat(),
        f"{title} ({late})" if late else title,
        presentation.day_in_words(due, today),
    )


@register.inclusion_tag("task/attachments.html", takes_context=True)
def files(context: Any, task: Task) -> dict[str, Any]:
    """Show the attachments of a task and the form for another one: `{% files task %}`. The task has its project.

    One query, and one more for the uploaders.
    """
    request = context["request"]
    return {**files_of(task, request.membership), "request": request, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("task/prose.html", takes_context=True)
def prose(context: Any, text: str, ticks: Ticks | None = None) -> dict[str, Any]:
    """Show a text of the page as HTML: `{% prose comment.body %}`."""
    shown: TaskPage = context["shown"]
    return {
        "prose": shown.references.show(text, ticks),
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def ticks_of_description(shown: TaskPage) -> Ticks | None:
    """The form for checkboxes of the description, None for readers without the permission."""
    if not shown.can_write:
        return None
    return Ticks("ticks", reverse("tick_text", args=[shown.task.key]), fingerprint(shown.task.description))


@register.simple_tag
def ticks_of_comment(shown: TaskPage, comment: Comment) -> Ticks | None:
    """The form for checkboxes of a comment, None for readers other than the author."""
    if not shown.can_write or comment.author_id != shown.request.membership.pk:
        return None
    return Ticks(
        f"ticks-{comment.pk}", reverse("tick_comment", args=[comment.pk]) + shown.here, fingerprint(comment.body)
    )

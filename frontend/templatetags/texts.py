"""`{% load texts %}`: what members write at a task, as its reader sees it."""

from typing import Any

from django import template
from django.urls import reverse

from frontend.task.page import TaskPage
from frontend.task.references import Ticks
from tasks.checklists import fingerprint
from tasks.models import Comment

register = template.Library()


@register.inclusion_tag("task/prose.html", takes_context=True)
def prose(context: Any, text: str, ticks: Ticks | None = None) -> dict[str, Any]:
    """Show one of the texts of the page: `{% prose comment.body %}`."""
    shown: TaskPage = context["shown"]
    return {
        "prose": shown.references.show(text, ticks),
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def ticks_of_description(shown: TaskPage) -> Ticks | None:
    """The form for ticking items of the description, None for readers who may not."""
    if not shown.can_write:
        return None
    return Ticks("ticks", reverse("tick_text", args=[shown.task.key]), fingerprint(shown.task.description))


@register.simple_tag
def ticks_of_comment(shown: TaskPage, comment: Comment) -> Ticks | None:
    """The form for ticking items of a comment, None for readers who did not write it."""
    if not shown.can_write or comment.author_id != shown.request.membership.pk:
        return None
    return Ticks(
        f"ticks-{comment.pk}", reverse("tick_comment", args=[comment.pk]) + shown.here, fingerprint(comment.body)
    )

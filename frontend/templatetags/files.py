"""The files of a task, wherever they are shown."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import Membership
from accounts.permissions import may
from tasks.models import Attachment, Task

register = template.Library()


@register.inclusion_tag("task/attachments.html", takes_context=True)
def files(context: Any, task: Task) -> dict[str, Any]:
    """Show the files of a task, which has its project, with a form for another: `{% files task %}`.

    One query, and one more for the people who sent them.
    """
    request = context["request"]
    return {**files_of(task, request.membership), "request": request, "csrf_token": context.get("csrf_token")}


def files_of(task: Task, membership: Membership) -> dict[str, Any]:
    """Return what `task/attachments.html` shows."""
    attachments = list(Attachment.objects.filter(task=task).prefetch_related("uploaded_by__user"))
    any_of_them = may(membership, "file.delete_any")
    removable = {each.pk for each in attachments if any_of_them or each.uploaded_by_id == membership.pk}
    can_write = may(membership, "file.write")
    return {
        "task": task,
        "attachments": attachments,
        "removable": removable,
        "can_write": can_write,
        "is_straight": settings.S3_BROWSER_UPLOADS,
    }

"""The attachments of a task: a form that uploads a file, and a button that deletes one."""

from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.actions import attachments
from accounts.exceptions import FileTooLarge, QuotaExceeded
from accounts.models import Membership
from accounts.permissions import may, require
from accounts.rest.uploads import IncomingAttachment, streams_body
from frontend.projects.lookups import TaskKey, find_task
from frontend.shared.access import MemberRequest
from frontend.shared.uploads import require_token
from tasks.models import Attachment, Task


@streams_body
@csrf_exempt  # read_subject() checks the token, which is in the streamed body
@require_POST
def add(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Attach a file to a task."""
    require(request.membership, "file.write")
    task = find_task(request, key)

    def read_subject(fields: QueryDict) -> dict[str, Task]:
        require_token(request, fields)
        return {"task": task}

    incoming = IncomingAttachment(request, actor=request.membership, model=Attachment, read_subject=read_subject)
    attachment, error, status = None, "", 200
    try:
        with ExitStack() as finally_:
            finally_.callback(incoming.abandon)
            incoming.receive()
            attachment = incoming.finish()
    except FileTooLarge as refused:
        error, status = str(refused), 413
    except ValidationError as refused:
        error, status = " ".join(refused.messages), 402 if isinstance(refused, QuotaExceeded) else 400
    response = _answer(request, task, error, status)
    if request.htmx and attachment is not None:
        trigger_client_event(response, "file-attached", {"id": str(attachment.pk), "name": attachment.name})
    return response


@require_POST
def delete(request: MemberRequest, pk: Any) -> HttpResponse:
    """Delete an attachment."""
    require(request.membership, "file.write")
    found = Attachment.objects.visible_to(request.membership).select_related("task__project")
    attachment = get_object_or_404(found, pk=pk)
    attachments.delete_attachment(attachment=attachment, actor=request.membership)
    return _answer(request, attachment.task)


def _answer(request: MemberRequest, task: Task, error: str = "", status: int = 200) -> HttpResponse:
    """Redirect to the page of the task, or respond with its files alone to htmx, with the error."""
    if error:
        messages.error(request, error)
    if request.htmx:
        return render(request, "task/attachments.html", files_of(task, request.membership), status=status)
    return HttpResponseRedirect(f"{redirect('task', str(task.key)).url}#files")


def files_of(task: Task, membership: Membership) -> dict[str, Any]:
    """Return the context of `task/attachments.html`."""
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

"""The comments on a task."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require
from frontend.projects.lookups import TaskKey, find_task, people_of
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from frontend.task.forms import WriteComment
from frontend.task.page import task_page, written
from tasks.actions.comments import create_comment, delete_comment, update_comment
from tasks.models import Comment
from tenancy.folding import sort_key

PART = "feed"
MOST_PEOPLE = 8  # suggestions


@require_POST
def add(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """Create a comment, or show a preview of it."""
    require(request.membership, "comment.write")
    task = find_task(request, key)
    form = WriteComment(request.POST, auto_id="comment_%s")
    if "preview" in request.POST:
        return task_page(request, task, part=PART, comment_form=form, comment_preview=form.data.get("body", ""))
    sent = submit(form, create_comment, task=task, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, comment_form=form, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The form for a comment of the user. POST saves it."""
    require(request.membership, "comment.write")
    comment = find_comment(request, pk)
    task = find_task(request, TaskKey(comment.task.project.key, comment.task.number))
    if comment.author_id != request.membership.pk:
        raise PermissionDenied
    form = WriteComment(posted(request), initial={"body": comment.body}, auto_id="edit_%s")
    sent = submit(form, update_comment, comment=comment, actor=request.membership)
    if sent.is_done:
        return written(request, task, PART)
    return task_page(request, task, part=PART, editing_comment=comment, edit_form=form, status=sent.status)


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a comment of the user, or any comment as an admin."""
    require(request.membership, "comment.write")
    comment = find_comment(request, pk)
    task = comment.task
    delete_comment(comment=comment, actor=request.membership)
    return written(request, task, PART)


@require_safe
def people(request: MemberRequest, key: TaskKey) -> HttpResponse:
    """The members that a comment can mention and whose name or email address contains `q`, as a list of options."""
    task = find_task(request, key)
    text = request.GET.get("q", "").strip()
    wanted, address = sort_key(text), text.casefold()
    found = [
        member
        for member in people_of(task.project)
        if wanted in sort_key(member.name) or member.user.email.casefold().startswith(address)
    ]
    return render(request, "task/people.html", {"people": found[:MOST_PEOPLE]})


def find_comment(request: MemberRequest, pk: UUID) -> Comment:
    """Return a comment with its task and project. Raises the same Http404 for hidden and absent comments."""
    comments = Comment.objects.visible_to(request.membership).select_related("task__project")
    return get_object_or_404(comments, pk=pk)

"""Writing, editing and deleting comments."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.locks import get_or_gone
from accounts.models import Membership
from accounts.permissions import may
from accounts.validation import assign, validate_fields
from projects.actions.activity import record_activity
from tasks.actions.notifications import notify_mentioned
from tasks.actions.tasks import lock_task_for
from tasks.models import Comment, Task
from tenancy.places import atomic


@atomic
def create_comment(*, actor: Membership, task: Task, body: str) -> Comment:
    """Comment on a task. Raises PermissionDenied, ValidationError, Gone when the task was deleted meanwhile."""
    task = lock_task_for(actor, "comment.write", task)
    comment = Comment(task=task, author=actor, body=body)
    _validate(comment)
    comment.save(force_insert=True)
    _record(comment, actor, "comment.created")
    notify_mentioned(comment=comment, actor=actor)
    return comment


@atomic
def update_comment(
    *, comment: Comment, actor: Membership, task: Task | None = None, body: str | None = None
) -> Comment:
    """Change a comment of `actor`; the same text again, or none, changes nothing.

    `task` is accepted if it is the task of the comment. Raises PermissionDenied, ValidationError, Gone when it
    was deleted meanwhile.
    """
    comment = lock_own_comment(comment, actor)
    if task is not None and task.pk != comment.task_id:
        raise ValidationError(
            {"task": _("A comment cannot move to another task. Omit this field, or write another comment.")}
        )
    before = comment.body
    if body is not None and assign(comment, {"body": body}):
        comment.edited_at = timezone.now()
        _validate(comment)
        comment.save(update_fields=["body", "edited_at"])
        _record(comment, actor, "comment.updated")
        notify_mentioned(comment=comment, actor=actor, before=before)
    return comment


@atomic
def delete_comment(*, comment: Comment, actor: Membership) -> None:
    """Delete a comment of `actor`, or any comment as an admin. Raises PermissionDenied, Gone when it is gone."""
    comment = _lock(comment, actor)
    if comment.author_id != actor.pk and not may(actor, "comment.delete_any"):
        raise PermissionDenied(_("Only admins and its author can delete a comment."))
    _record(comment, actor, "comment.deleted")
    comment.delete()


def _validate(comment: Comment) -> None:
    validate_fields(comment, {"body"})
    if not comment.body.strip():
        raise ValidationError({"body": _("A comment needs a text.")})


def lock_own_comment(comment: Comment, actor: Membership) -> Comment:
    """Return the reloaded comment for its author, with its task, whose project is locked.

    Raises PermissionDenied, Gone when it is gone.
    """
    comment = _lock(comment, actor)
    if comment.author_id != actor.pk:
        raise PermissionDenied(_("You can edit your own comments only."))
    return comment


def _lock(comment: Comment, actor: Membership) -> Comment:
    task = lock_task_for(actor, "comment.write", comment.task)
    found = get_or_gone(task.comments.all(), comment.pk)
    found.task = task
    return found


def _record(comment: Comment, actor: Membership, verb: str) -> None:
    task = comment.task
    record_activity(project=task.project, actor=actor, verb=verb, subject=comment, data={"task": str(task.pk)})

"""Ticking items of task lists in descriptions and comments."""

from accounts.models import Membership
from tasks.actions.comments import lock_own_comment, update_comment
from tasks.actions.tasks import change_locked, lock_task_for
from tasks.checklists import Tick, ticked
from tasks.models import Comment, Task
from tenancy.places import atomic


@atomic
def tick_in_description(*, task: Task, actor: Membership, tick: Tick) -> Task:
    """Tick an item of a task's description and return the reloaded task; the same again changes nothing.

    Raises PermissionDenied, ItemChanged, Gone when the task was deleted meanwhile.
    """
    task = lock_task_for(actor, "task.write", task)
    return change_locked(task, actor, {"description": ticked(task.description, tick)})


@atomic
def tick_in_comment(*, comment: Comment, actor: Membership, tick: Tick) -> Comment:
    """Tick an item of a comment of `actor` and return the reloaded comment; the same again changes nothing.

    Raises PermissionDenied, ItemChanged, Gone when the comment was deleted meanwhile.
    """
    comment = lock_own_comment(comment, actor)
    return update_comment(comment=comment, actor=actor, body=ticked(comment.body, tick))

"""Tasks and what belongs to them."""

from tasks.models.attachments import Attachment
from tasks.models.tasks import (
    LINKED_TASK_KEY,
    TASK_KEY,
    Assignment,
    Comment,
    Priority,
    Subtask,
    Task,
    TaskLabel,
    TaskQuerySet,
)

__all__ = [
    "LINKED_TASK_KEY",
    "TASK_KEY",
    "Assignment",
    "Attachment",
    "Comment",
    "Priority",
    "Subtask",
    "Task",
    "TaskLabel",
    "TaskQuerySet",
]

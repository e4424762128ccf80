"""Tasks and what belongs to them."""

from accounts.models.attachments import (
    Attachment,
    AttachmentQuerySet,
    AttachmentState,
    Refusal,
    UploadURL,
    occupied_bytes,
    remove_files_of,
)
from tasks.models.tasks import (
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
    "TASK_KEY",
    "Assignment",
    "Attachment",
    "AttachmentQuerySet",
    "AttachmentState",
    "Comment",
    "Priority",
    "Refusal",
    "Subtask",
    "Task",
    "TaskLabel",
    "TaskQuerySet",
    "UploadURL",
    "occupied_bytes",
    "remove_files_of",
]

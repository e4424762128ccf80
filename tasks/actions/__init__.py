"""What can be done with tasks. Pages, API, jobs and commands call these; each function owns its transaction."""

from accounts.actions.attachment_cleanup import sweep_files
from accounts.actions.attachment_inspection import inspect_attachment, remove_files, remove_incoming
from accounts.actions.attachments import (
    UPLOAD_SECONDS,
    AlreadyChecked,
    NewFile,
    NothingUploaded,
    abandon_attachment,
    announce_attachment,
    complete_attachment,
    create_attachment,
    delete_attachment,
    receive_attachment,
)
from accounts.actions.uploads import Arrival
from tasks.actions.bulk import BulkRefused, TaskChange, update_tasks
from tasks.actions.checklists import tick_in_comment, tick_in_description
from tasks.actions.columns import retire_status
from tasks.actions.comments import create_comment, delete_comment, update_comment
from tasks.actions.notifications import remind_of_due_tasks
from tasks.actions.progress import (
    AlreadyCompleted,
    NotCompleted,
    archive_task,
    complete_task,
    move_task,
    reopen_task,
    restore_task,
)
from tasks.actions.subtasks import create_subtask, delete_subtask, move_subtask, update_subtask
from tasks.actions.tasks import StaleVersion, create_task, delete_task, lock_task, update_task

__all__ = [
    "UPLOAD_SECONDS",
    "AlreadyChecked",
    "AlreadyCompleted",
    "Arrival",
    "BulkRefused",
    "NewFile",
    "NotCompleted",
    "NothingUploaded",
    "StaleVersion",
    "TaskChange",
    "abandon_attachment",
    "announce_attachment",
    "archive_task",
    "complete_attachment",
    "complete_task",
    "create_attachment",
    "create_comment",
    "create_subtask",
    "create_task",
    "delete_attachment",
    "delete_comment",
    "delete_subtask",
    "delete_task",
    "inspect_attachment",
    "lock_task",
    "move_subtask",
    "move_task",
    "receive_attachment",
    "remind_of_due_tasks",
    "remove_files",
    "remove_incoming",
    "reopen_task",
    "restore_task",
    "retire_status",
    "sweep_files",
    "tick_in_comment",
    "tick_in_description",
    "update_comment",
    "update_subtask",
    "update_task",
    "update_tasks",
]

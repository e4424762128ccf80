"""Actions on tasks. Pages, API, jobs and commands call these; each function owns its transaction."""

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
    "AlreadyCompleted",
    "BulkRefused",
    "NotCompleted",
    "StaleVersion",
    "TaskChange",
    "archive_task",
    "complete_task",
    "create_comment",
    "create_subtask",
    "create_task",
    "delete_comment",
    "delete_subtask",
    "delete_task",
    "lock_task",
    "move_subtask",
    "move_task",
    "remind_of_due_tasks",
    "reopen_task",
    "restore_task",
    "retire_status",
    "tick_in_comment",
    "tick_in_description",
    "update_comment",
    "update_subtask",
    "update_task",
    "update_tasks",
]

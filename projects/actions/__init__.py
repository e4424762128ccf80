"""Actions on projects, statuses, labels and project members. Each function owns its transaction."""

from projects.actions.activity import lock_project, lock_project_for, record_activity, sees
from projects.actions.labels import create_label, delete_label, lock_label, update_label
from projects.actions.projects import (
    AlreadyArchived,
    LastProjectMember,
    NotArchived,
    add_project_member,
    archive_project,
    create_project,
    delete_project,
    remove_project_member,
    restore_project,
    set_on_roadmap,
    update_project,
)
from projects.actions.statuses import StatusInUse, create_status, delete_status, move_status, update_status

__all__ = [
    "AlreadyArchived",
    "LastProjectMember",
    "NotArchived",
    "StatusInUse",
    "add_project_member",
    "archive_project",
    "create_label",
    "create_project",
    "create_status",
    "delete_label",
    "delete_project",
    "delete_status",
    "lock_label",
    "lock_project",
    "lock_project_for",
    "move_status",
    "record_activity",
    "remove_project_member",
    "restore_project",
    "sees",
    "set_on_roadmap",
    "update_label",
    "update_project",
    "update_status",
]

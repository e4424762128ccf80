"""What tasks add to the product."""

from accounts import permissions
from accounts.extensions import (
    archive_files,
    archive_sections,
    digest_sections,
    export_kinds,
    notification_kinds,
    shows,
)
from accounts.permissions import ADMINS, WRITERS, Permission
from accounts.api.attachments import AttachmentSerializer, AttachmentViewSet
from tasks.api.comments import CommentSerializer, CommentViewSet
from tasks.api.serializers import TaskSerializer
from tasks.api.subtasks import SubtaskSerializer, SubtaskViewSet
from tasks.api.tasks import TaskViewSet
from tasks.exports import ProjectExport, ProjectsInArchive, ready_attachments
from tasks.notifications import Assigned, DueSoon, Mentioned, open_tasks

permissions.declare(
    {
        "task.write": Permission(WRITERS, "create, change, move, complete, archive and delete tasks"),
        "subtask.write": Permission(WRITERS, "create, change, tick off and delete subtasks"),
        "file.write": Permission(WRITERS, "attach files to tasks and to one's own comments; delete one's own files"),
        "file.delete_any": Permission(ADMINS, "delete the files of others"),
        "comment.write": Permission(WRITERS, "comment on tasks; edit and delete one's own comments"),
        "comment.delete_any": Permission(ADMINS, "delete the comments of others"),
    }
)

notification_kinds.register(Assigned())
notification_kinds.register(Mentioned())
notification_kinds.register(DueSoon())
digest_sections.append(open_tasks)

export_kinds.register(ProjectExport())
archive_sections.append(ProjectsInArchive())
archive_files.append(ready_attachments)

shows("task", TaskViewSet.queryset, TaskSerializer)
shows("subtask", SubtaskViewSet.queryset, SubtaskSerializer)
shows("attachment", AttachmentViewSet.queryset, AttachmentSerializer)
shows("comment", CommentViewSet.queryset, CommentSerializer)

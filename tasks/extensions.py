"""The extension points that tasks use."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.extensions import (
    AttachmentKind,
    archive_sections,
    attachment_kinds,
    digest_sections,
    export_kinds,
    notification_kinds,
    reference_patterns,
    shows,
)
from accounts.models import Membership
from accounts.permissions import ADMINS, WRITERS, Permission
from projects.actions.activity import record_activity
from tasks.actions.tasks import lock_task
from tasks.api.attachments import AttachmentSerializer, AttachmentViewSet
from tasks.api.comments import CommentSerializer, CommentViewSet
from tasks.api.serializers import TaskSerializer
from tasks.api.subtasks import SubtaskSerializer, SubtaskViewSet
from tasks.api.tasks import TaskViewSet
from tasks.exports import ProjectExport, ProjectsInArchive
from tasks.models import LINKED_TASK_KEY, Attachment
from tasks.notifications import Assigned, DueSoon, Mentioned, open_tasks

permissions.declare(
    {
        "task.write": Permission(WRITERS, "create, change, move, complete, archive and delete tasks"),
        "subtask.write": Permission(WRITERS, "create, change, tick off and delete subtasks"),
        "comment.write": Permission(WRITERS, "comment on tasks; edit and delete their own comments"),
        "comment.delete_any": Permission(ADMINS, "delete the comments of others"),
    }
)


class TaskFiles(AttachmentKind[Attachment]):
    """Files of tasks and comments."""

    model = Attachment

    def lock(self, attachment: Attachment) -> None:
        attachment.task = lock_task(attachment.task)

    def check(self, attachment: Attachment) -> None:
        if attachment.comment is None:
            return
        if attachment.comment.task_id != attachment.task_id:
            raise ValidationError({"comment": _("This comment belongs to another task.")})
        if attachment.comment.author_id != attachment.uploaded_by_id:
            raise PermissionDenied(_("Members can attach files only to their own comments."))

    def record(self, attachment: Attachment, actor: Membership | None, verb: str) -> None:
        task = attachment.task
        data = {"task": str(task.pk), "name": attachment.name}
        record_activity(project=task.project, actor=actor, verb=verb, subject=attachment, data=data)


attachment_kinds.register(TaskFiles())

notification_kinds.register(Assigned())
notification_kinds.register(Mentioned())
notification_kinds.register(DueSoon())
digest_sections.append(open_tasks)

reference_patterns["task"] = LINKED_TASK_KEY

export_kinds.register(ProjectExport())
archive_sections.append(ProjectsInArchive())

shows("task", TaskViewSet.queryset, TaskSerializer)
shows("subtask", SubtaskViewSet.queryset, SubtaskSerializer)
shows("attachment", AttachmentViewSet.queryset, AttachmentSerializer)
shows("comment", CommentViewSet.queryset, CommentSerializer)

"""What tasks add to the product."""

from accounts import permissions
from accounts.extensions import shows
from accounts.permissions import ADMINS, EVERYBODY, WRITERS, Permission
from tasks.api.attachments import AttachmentSerializer, AttachmentViewSet
from tasks.api.comments import CommentSerializer, CommentViewSet
from tasks.api.serializers import TaskSerializer
from tasks.api.subtasks import SubtaskSerializer, SubtaskViewSet
from tasks.api.tasks import TaskViewSet

permissions.declare(
    {
        "task.write": Permission(WRITERS, "create, change, move, complete, archive and delete tasks"),
        "subtask.write": Permission(WRITERS, "create, change, tick off and delete subtasks"),
        "file.write": Permission(WRITERS, "attach files to tasks and to one's own comments; delete one's own files"),
        "file.delete_any": Permission(ADMINS, "delete the files of others"),
        "comment.write": Permission(WRITERS, "comment on tasks; edit and delete one's own comments"),
        "comment.delete_any": Permission(ADMINS, "delete the comments of others"),
        "notification.read": Permission(EVERYBODY, "mark one's own notifications as read"),
    }
)

shows("task", TaskViewSet.queryset, TaskSerializer)
shows("subtask", SubtaskViewSet.queryset, SubtaskSerializer)
shows("attachment", AttachmentViewSet.queryset, AttachmentSerializer)
shows("comment", CommentViewSet.queryset, CommentSerializer)

"""The REST API of tasks and what belongs to them."""

from tasks.api.attachments import AttachmentViewSet, UploadView
from tasks.api.comments import CommentViewSet
from tasks.api.search import SearchViewSet
from tasks.api.subtasks import SubtaskViewSet
from tasks.api.tasks import TaskViewSet

__all__ = [
    "AttachmentViewSet",
    "CommentViewSet",
    "SearchViewSet",
    "SubtaskViewSet",
    "TaskViewSet",
    "UploadView",
]

"""`comments/`"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from tasks.actions import comments, tasks
from tasks.api.filters import TaskNameFilter
from tasks.models import Comment, Task


class CommentSerializer(StrictModelSerializer[Comment]):
    task = RowField(queryset=Task.objects.all())

    class Meta:
        model = Comment
        fields = ("id", "task", "author", "body", "created_at", "edited_at")
        read_only_fields = ("author",)
        extra_kwargs = {"body": {"trim_whitespace": False}}


class CommentFilterSet(StrictFilterSet):
    task = TaskNameFilter(field_name="task", label=_("The id or key of a task."))
    author = filters.UUIDFilter(field_name="author_id", label=_("The id of the member who wrote the comment."))


class CommentViewSet(TenantViewSet[Comment]):
    noun = "comment"
    example = {
        "id": example_id("comment"),
        "task": example_id("task"),
        "author": example_id("alice"),
        "body": "The new prices are **final**.",
        "created_at": "2026-11-21T09:30:00Z",
        "edited_at": None,
    }
    queryset = Comment.objects.select_related("task")
    serializer_class = CommentSerializer
    filterset_class = CommentFilterSet
    order = ("created_at", "id")
    permissions = {"create": "comment.write", "partial_update": "comment.write", "destroy": "comment.write"}
    operations = {
        "list": Operation("Returns the comments on the tasks that the member can see, oldest first."),
        "create": Operation("Adds a comment to a task. `body` is Markdown. Mentioned members receive a notification."),
        "partial_update": Operation(
            "Changes the text of a comment. Members edit their own comments only.",
            request={"body": "The new prices are **final**."},
            response={**example, "edited_at": "2026-11-21T10:15:00Z"},
        ),
        "destroy": Operation(
            "Deletes a comment and its files permanently. Members delete their own comments, admins and owners any."
        ),
    }

    def lock(self, row: Comment) -> None:
        tasks.lock_task(row.task)

    def perform_create(self, fields: dict[str, Any]) -> Comment:
        return comments.create_comment(actor=self.membership, **fields)

    def perform_update(self, row: Comment, fields: dict[str, Any]) -> None:
        comments.update_comment(comment=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Comment) -> None:
        comments.delete_comment(comment=row, actor=self.membership)

"""`tasks/` and `subtasks/`"""

import re
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from accounts.models import Membership
from accounts.rest.filters import ArchivedFilter
from accounts.rest.serializers import RowField, RowListField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects.models import Label, Project, Status
from tasks import actions
from tasks.models import Subtask, Task

KEY = re.compile(r"(?P<project>[A-Z][A-Z0-9]{1,9})-(?P<number>[1-9][0-9]{0,9})")


class TaskSerializer(StrictModelSerializer[Task]):
    project = RowField(queryset=Project.objects.all())
    status = RowField(queryset=Status.objects.all(), required=False)
    assignees = RowListField(queryset=Membership.objects.current(), through="assignments.member_id", required=False)
    labels = RowListField(queryset=Label.objects.all(), through="task_labels.label_id", required=False)
    subtasks_done = serializers.IntegerField(read_only=True)
    subtasks_total = serializers.IntegerField(read_only=True)

    class Meta:
        model = Task
        fields = (
            "id",
            "project",
            "number",
            "key",
            "title",
            "description",
            "status",
            "priority",
            "assignees",
            "labels",
            "due_date",
            "rank",
            "completed_at",
            "archived_at",
            "version",
            "subtasks_done",
            "subtasks_total",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("rank",)  # the place in the column is changed by moving, not by writing text
        extra_kwargs = {"description": {"trim_whitespace": False}}


class TaskViewSet(TenantViewSet[Task]):
    queryset = (
        Task.objects.select_related("project").prefetch_related("assignments", "task_labels").with_subtask_counts()
    )
    serializer_class = TaskSerializer
    filter_backends = (ArchivedFilter,)
    order = ("-created_at", "-id")
    permissions = {"create": "task.write", "partial_update": "task.write", "destroy": "task.write"}

    def identify(self, text: str) -> Q:
        """`WEB-42` is as good as the id."""
        if match := KEY.fullmatch(text):
            return Q(project__key=match["project"], number=int(match["number"]))
        return super().identify(text)

    def lock(self, row: Task) -> None:
        actions.lock_task(row)

    def perform_create(self, fields: dict[str, Any]) -> Task:
        return actions.create_task(actor=self.membership, **fields)

    def perform_update(self, row: Task, fields: dict[str, Any]) -> None:
        actions.update_task(task=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Task) -> None:
        actions.delete_task(task=row, actor=self.membership)


class SubtaskSerializer(StrictModelSerializer[Subtask]):
    task = RowField(queryset=Task.objects.all())

    class Meta:
        model = Subtask
        fields = ("id", "task", "title", "done", "rank")
        extra_kwargs = {"rank": {"required": False}}


class SubtaskViewSet(TenantViewSet[Subtask]):
    queryset = Subtask.objects.select_related("task")
    serializer_class = SubtaskSerializer
    order = ("rank", "id")
    permissions = {"create": "subtask.write", "partial_update": "subtask.write", "destroy": "subtask.write"}

    def lock(self, row: Subtask) -> None:
        actions.lock_task(row.task)

    def perform_create(self, fields: dict[str, Any]) -> Subtask:
        return actions.create_subtask(actor=self.membership, **fields)

    def perform_update(self, row: Subtask, fields: dict[str, Any]) -> None:
        actions.update_subtask(subtask=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Subtask) -> None:
        actions.delete_subtask(subtask=row, actor=self.membership)

"""The JSON of tasks."""

from rest_framework import serializers

from accounts.models import Membership
from accounts.rest.serializers import RowField, RowListField, StrictModelSerializer, StrictSerializer
from projects.models import Label, Project, Status
from tasks.models import Task


class TaskSerializer(StrictModelSerializer[Task]):
    project = RowField(queryset=Project.objects.all())
    status = RowField(queryset=Status.objects.all(), required=False)
    assignees = RowListField(
        queryset=Membership.objects.current(),
        kept=Membership.objects.all(),  # of those who have left
        ids="assignee_ids",
        required=False,
    )
    labels = RowListField(queryset=Label.objects.all(), ids="label_ids", required=False)
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


class MoveSerializer(StrictSerializer):
    status = RowField(queryset=Status.objects.all(), required=False)
    before = RowField(queryset=Task.objects.all(), required=False)
    after = RowField(queryset=Task.objects.all(), required=False)


class ChangedSerializer(StrictSerializer):
    id = serializers.UUIDField()
    status = serializers.IntegerField(help_text="Status code of the change: 200.")
    task = TaskSerializer()


class BulkResultSerializer(StrictSerializer):
    """The result for each task, in the order of the request."""

    results = ChangedSerializer(many=True)

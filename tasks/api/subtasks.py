"""`subtasks/`"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import FlagFilter, StrictFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from tasks.actions import subtasks, tasks
from tasks.api.filters import TaskNameFilter
from tasks.models import Subtask, Task


class SubtaskSerializer(StrictModelSerializer[Subtask]):
    task = RowField(queryset=Task.objects.all())

    class Meta:
        model = Subtask
        fields = ("id", "task", "title", "done", "rank")
        extra_kwargs = {"rank": {"required": False}}


class SubtaskFilterSet(StrictFilterSet):
    task = TaskNameFilter(field_name="task", label=_("The id or key of a task."))
    project = filters.UUIDFilter(field_name="task__project_id", label=_("The id of a project."))
    done = FlagFilter(label=_("`true`: completed subtasks. `false`: open ones."))


class SubtaskViewSet(TenantViewSet[Subtask]):
    noun = "subtask"
    example = {
        "id": example_id("subtask"),
        "task": example_id("task"),
        "title": "Ask for the prices",
        "done": False,
        "rank": "a1",
    }
    queryset = Subtask.objects.select_related("task")
    serializer_class = SubtaskSerializer
    filterset_class = SubtaskFilterSet
    order = ("rank", "id")
    permissions = {"create": "subtask.write", "partial_update": "subtask.write", "destroy": "subtask.write"}
    operations = {
        "list": Operation("Returns the subtasks of the tasks that the member can see, ordered by rank."),
        "create": Operation(
            "Adds a subtask to a task. Without `rank` it is the last one.",
            request={"task": "WEB-42", "title": "Ask for the prices"},
        ),
        "partial_update": Operation(request={"done": True}, response={**example, "done": True}),
    }

    def lock(self, row: Subtask) -> None:
        tasks.lock_task(row.task)

    def perform_create(self, fields: dict[str, Any]) -> Subtask:
        return subtasks.create_subtask(actor=self.membership, **fields)

    def perform_update(self, row: Subtask, fields: dict[str, Any]) -> None:
        subtasks.update_subtask(subtask=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Subtask) -> None:
        subtasks.delete_subtask(subtask=row, actor=self.membership)

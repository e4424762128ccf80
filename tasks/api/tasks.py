"""`tasks/`"""

from typing import Any, cast

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.documentation import Operation, example_id
from accounts.rest.serializers import NO_SUCH_ROW
from accounts.rest.views import ORDERING, TenantViewSet
from tasks.actions import progress, tasks
from tasks.api.bulk import BulkSerializer, change_tasks
from tasks.api.serializers import BulkResultSerializer, MoveSerializer, TaskSerializer
from tasks.models import TASK_KEY, Task, TaskQuerySet
from tasks.queries import ORDERINGS, TaskFilterSet


class TaskViewSet(TenantViewSet[Task]):
    noun = "task"
    example = {
        "id": example_id("task"),
        "project": example_id("project"),
        "number": 42,
        "key": "WEB-42",
        "title": "Write the pricing page",
        "description": "With the **new** prices.",
        "status": example_id("status"),
        "priority": "high",
        "assignees": [example_id("alice")],
        "labels": [example_id("label")],
        "due_date": "2026-12-01",
        "rank": "a3",
        "completed_at": None,
        "archived_at": None,
        "version": 3,
        "subtasks_done": 1,
        "subtasks_total": 2,
        "created_at": "2026-11-20T14:00:00Z",
        "updated_at": "2026-11-21T09:30:00Z",
    }
    queryset = Task.objects.select_related("project").with_links().with_subtask_counts()
    serializer_class = TaskSerializer
    filterset_class = TaskFilterSet
    order = ("-created_at", "-id")
    orderings = ORDERINGS
    permissions = {
        **dict.fromkeys(("create", "partial_update", "destroy", "bulk"), "task.write"),
        **dict.fromkeys(("move", "complete", "reopen", "archive", "restore"), "task.write"),
    }
    operations = {
        "list": Operation(
            "Returns the tasks that the member can see, newest first. Archived tasks are included only with "
            "`archived`."
        ),
        "retrieve": Operation("Returns a task, by its id or its key."),
        "create": Operation(
            "Creates a task. Without `status` it is added to the end of the first column of the category `todo`."
        ),
        "partial_update": Operation(
            "Changes the fields that the body contains. `assignees` and `labels` are replaced as a whole. The project "
            "of a task cannot be changed. `version` increases by one.",
            request={"priority": "high", "due_date": "2026-12-01"},
        ),
        "destroy": Operation("Deletes a task permanently, with its subtasks, comments and files."),
        "move": Operation(
            "Moves a task to a column, before or after another task in it, or to its end. Without `status` the task "
            "stays in its column.",
            request={"status": example_id("status"), "before": "WEB-17"},
        ),
        "complete": Operation(
            "Moves a task to the first status of the category `done`. Returns 409 if it is completed already.",
            response={**example, "completed_at": "2026-11-21T10:15:00Z", "version": 4},
        ),
        "reopen": Operation(
            "Moves a task to the first status of the category `todo`. Returns 409 if it is not completed."
        ),
        "archive": Operation(
            "Archives a task. It is still found by its id and its key. Returns 409 if it is archived already.",
            response={**example, "archived_at": "2026-11-21T10:15:00Z", "version": 4},
        ),
        "restore": Operation("Restores an archived task. Returns 409 if it is not archived."),
        "bulk": Operation(
            "Changes up to 500 tasks in one transaction: all of them or none. Each entry contains the `id` or key of "
            "a task, the fields to change, and optionally the `version` that the task must have (optimistic "
            "locking). The names in `errors` contain the position, such as `tasks[3].title`.",
            "Update many tasks",
            "updateTasks",
            request={"tasks": [{"id": "WEB-42", "version": 2, "priority": "high"}]},
            response={"results": [{"id": example_id("task"), "status": 200, "task": example}]},
        ),
    }

    def identify(self, text: str) -> Q:
        """A key such as `WEB-42` is accepted instead of an id."""
        if match := TASK_KEY.fullmatch(text):
            return Q(project__key=match["project"], number=int(match["number"]))
        return super().identify(text)

    def get_queryset(self) -> TaskQuerySet:
        tasks = cast(TaskQuerySet, super().get_queryset())
        # The value of this ordering is computed for each row, so only when it is requested.
        return tasks.with_order_keys() if ORDERING in self.request.query_params else tasks

    def lock(self, row: Task) -> None:
        tasks.lock_task(row)

    def perform_create(self, fields: dict[str, Any]) -> Task:
        return tasks.create_task(actor=self.membership, **fields)

    def perform_update(self, row: Task, fields: dict[str, Any]) -> None:
        tasks.update_task(task=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Task) -> None:
        tasks.delete_task(task=row, actor=self.membership)

    @extend_schema(responses=TaskSerializer)
    @action(detail=True, methods=["post"], serializer_class=MoveSerializer)
    def move(self, request: Request, pk: str) -> Response:
        """Put the task into a column, before or after another task in it, or else at the end."""
        row, fields = self.get_object(), self.read_body()
        progress.move_task(task=row, actor=self.membership, **fields)
        return self.answer(self.reread(row))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Move the task to the project's first status of the category `done`; 409 when it is completed already."""
        return self.act(progress.complete_task)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Move the task to the project's first status of the category `todo`; 409 when it is not completed."""
        return self.act(progress.reopen_task)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Archive the task; 409 when it is archived already."""
        return self.act(progress.archive_task)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Take the task out of the archive; 409 when it is not there."""
        return self.act(progress.restore_task)

    @extend_schema(request=BulkSerializer, responses=BulkResultSerializer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Change up to 500 tasks, all or none."""
        tasks = change_tasks(request.data, self.get_queryset(), self.membership, self.get_serializer_context())
        shown = self.get_queryset().in_bulk([task.pk for task in tasks])
        hidden = [index for index, task in enumerate(tasks) if task.pk not in shown]
        if hidden:  # from this member, while the changes waited for their projects
            raise serializers.ValidationError({f"tasks[{index}].id": [NO_SUCH_ROW] for index in hidden})
        results = [{"id": task.pk, "status": 200, "task": TaskSerializer(shown[task.pk]).data} for task in tasks]
        return Response({"results": results})

"""The page of subtasks and the JSON list of tasks. A project passes querysets of its tenant's rows."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

PAGE_SIZE = 10


def subtasks_page(request: HttpRequest, *, projects: QuerySet[Any], subtasks: QuerySet[Any]) -> HttpResponse:
    """Show the first subtasks by title, beside the list of projects. They are not counted, as in ours."""
    rows = subtasks.order_by("title", "id").values(
        "title", "done", "task__project__key", "task__number", "task__project__color"
    )
    found = list(rows[: PAGE_SIZE + 1])
    context = {"projects": projects.order_by("key"), "rows": found[:PAGE_SIZE], "has_next": len(found) > PAGE_SIZE}
    return render(request, "subtasks.html", context)


def with_counts(tasks: QuerySet[Any], subtasks: QuerySet[Any]) -> QuerySet[Any]:
    """Add `subtasks_total` and `subtasks_done`, counted for the rows of the page alone, as in ours."""
    mine = subtasks.filter(task=OuterRef("pk")).order_by().values("task").annotate(count=Count("*")).values("count")
    return tasks.select_related("project").annotate(
        subtasks_total=Coalesce(Subquery(mine), 0), subtasks_done=Coalesce(Subquery(mine.filter(done=True)), 0)
    )


class TaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    project = serializers.IntegerField(source="project_id")
    number = serializers.IntegerField()
    key = serializers.SerializerMethodField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.CharField()
    priority = serializers.CharField()
    due_date = serializers.DateField()
    rank = serializers.CharField()
    completed_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    subtasks_done = serializers.IntegerField()
    subtasks_total = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_key(self, task: Any) -> str:
        return f"{task.project.key}-{task.number}"


class TaskPagination(CursorPagination):
    ordering = ("-created_at", "-id")
    page_size_query_param = "page_size"
    max_page_size = 200


class TaskListView(generics.ListAPIView[Any]):
    """A project adds `get_queryset()`."""

    serializer_class = TaskSerializer
    pagination_class = TaskPagination

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.peers.schemas.models import Project, Subtask, Task
from benchmarks.peers.shared.pages import TaskListView, subtasks_page, with_counts


def subtasks(request: HttpRequest) -> HttpResponse:
    return subtasks_page(request, projects=Project.objects.all(), subtasks=Subtask.objects.all())


class TaskList(TaskListView):
    def get_queryset(self) -> QuerySet[Any]:
        return with_counts(Task.objects.all(), Subtask.objects.all())


urlpatterns = [path("subtasks/", subtasks), path("api/tasks/", TaskList.as_view())]

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.peers.plain.models import Project, Subtask, Task
from benchmarks.peers.shared.pages import TaskListView, subtasks_page, with_counts


def subtasks(request: HttpRequest) -> HttpResponse:
    return subtasks_page(
        request,
        projects=Project.objects.filter(account=request.account),
        subtasks=Subtask.objects.filter(account=request.account),
    )


class TaskList(TaskListView):
    def get_queryset(self) -> QuerySet[Any]:
        account = self.request.account
        return with_counts(Task.objects.filter(account=account), Subtask.objects.filter(account=account))


urlpatterns = [path("subtasks/", subtasks), path("api/tasks/", TaskList.as_view())]

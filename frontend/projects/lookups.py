"""Finding projects and tasks by the keys in URLs. Text that is no key is answered with 404 before a query is made."""

from dataclasses import dataclass

from django.shortcuts import get_object_or_404

from accounts.models import Membership
from frontend.shared.access import MemberRequest
from projects.keys import PROJECT_KEY
from projects.models import Project
from tasks.models import LINKED_TASK_KEY, Task
from tenancy.folding import sort_key


@dataclass(frozen=True, slots=True)
class TaskKey:
    """The key of a task, such as WEB-42."""

    project: str
    number: int

    def __str__(self) -> str:
        return f"{self.project}-{self.number}"


class ProjectKeyConverter:
    regex = PROJECT_KEY

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TaskKeyConverter:
    regex = LINKED_TASK_KEY

    def to_python(self, value: str) -> TaskKey:
        project, _, number = value.rpartition("-")
        return TaskKey(project, int(number))

    def to_url(self, value: object) -> str:
        return str(value)


def find_project(request: MemberRequest, key: str) -> Project:
    """Return a project. Raises the same Http404 for hidden and absent projects."""
    return get_object_or_404(Project.objects.visible_to(request.membership), key=key)


def find_task(request: MemberRequest, key: TaskKey, *, to_show: bool = True) -> Task:
    """Return a task with its project and status, and if `to_show` with assignees, labels and all statuses.

    Raises the same Http404 for hidden and absent tasks.
    """
    tasks = Task.objects.visible_to(request.membership).select_related("project", "status")
    if to_show:
        tasks = tasks.with_people_and_labels().prefetch_related("project__statuses")
    return get_object_or_404(tasks, project__key=key.project, number=key.number)


def people_of(project: Project) -> list[Membership]:
    """Return the members who see a project, by name. They can be assigned and mentioned. At most three queries."""
    members = Membership.objects.current().prefetch_related("user")
    return sorted(project.seen_by(members), key=lambda member: sort_key(member.name))

"""Writes that wait for a project while it is hidden from the acting member."""

import threading

import pytest

from projects.models import Project
from tasks.models import Comment, Subtask, Task
from tenancy.context import tenant_context
from tenancy.places import atomic
from tests.waiting import wait_until_blocked


def current_state():
    """Return the rows that the writes below would change."""
    return (
        list(Task.objects.values_list("title", "completed_at", "version")),
        list(Subtask.objects.values_list("title", "done")),
        Comment.objects.count(),
        Project.objects.get().name,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("PATCH", "tasks/WEB-1/", {"title": "x"}, 404),
        ("POST", "tasks/WEB-1/complete/", None, 404),
        ("POST", "tasks/", {"project": "{project}", "title": "x"}, 404),
        ("POST", "tasks/bulk/", {"tasks": [{"id": "WEB-1", "title": "x"}]}, 400),
        ("POST", "comments/", {"task": "WEB-1", "body": "x"}, 404),
        ("PATCH", "subtasks/{subtask}/", {"done": True}, 404),
        ("PATCH", "projects/{project}/", {"name": "x"}, 404),
    ],
)
def test_write_to_a_project_hidden_meanwhile_is_refused(
    client, acme, bob, project, task, subtask, at_once, method, url, body, status
):
    url = url.format(project=project.pk, subtask=subtask.pk)
    if body and "project" in body:
        body = {**body, "project": project.pk}
    locked, answers = threading.Event(), []
    with tenant_context(acme):
        before = current_state()

    def hide():
        with atomic():
            Project.objects.select_for_update(no_key=True).get()
            locked.set()
            wait_until_blocked()
            Project.objects.update(private=True)

    def write():
        assert locked.wait(10)
        answers.append(client.at(acme).with_token(bob).json(method, f"/api/v1/{url}", body))

    assert at_once(hide, write) == []
    assert [answer.status_code for answer in answers] == [status]
    with tenant_context(acme):
        assert current_state() == before

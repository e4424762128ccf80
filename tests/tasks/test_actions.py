"""Actions on tasks, beyond the tests of the API: activities and concurrency."""

import threading
from copy import copy

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.exceptions import Gone
from projects.actions.projects import delete_project
from projects.models import Activity, Project, Status
from tasks.actions.subtasks import create_subtask, delete_subtask, update_subtask
from tasks.actions.tasks import create_task, delete_task, update_task
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of


@pytest.fixture
def in_acme(acme):
    with tenant_context(acme):
        yield


@pytest.fixture
def member(acme, bob):
    return membership_of(bob, acme)


def newest(project):
    entry = project.activities.order_by("-seq").first()
    return (entry.verb, entry.object_id, entry.data)


# Activities --------------------------------------------------------------------------------------------------------


def test_each_write_is_one_activity(in_acme, member, project, statuses):
    task = create_task(actor=member, project=project, title="Hello", assignees=[member])
    assert newest(project) == ("task.created", task.pk, {})
    update_task(task=task, actor=member, status=statuses["done"], title="Bye", assignees=[])
    changed = {
        "fields": ["assignees", "status", "title"],
        "status": str(statuses["done"].pk),
        "assignees": {"added": [], "removed": [str(member.pk)]},
    }
    assert newest(project) == ("task.updated", task.pk, changed)
    subtask = create_subtask(actor=member, task=task, title="x")
    assert newest(project) == ("subtask.created", subtask.pk, {"task": str(task.pk)})
    update_subtask(subtask=subtask, actor=member, done=True)
    assert newest(project) == ("subtask.updated", subtask.pk, {"task": str(task.pk), "fields": ["done"]})
    subtask_id, task_id = subtask.pk, task.pk
    delete_subtask(subtask=subtask, actor=member)
    assert newest(project) == ("subtask.deleted", subtask_id, {"task": str(task_id), "title": "x"})
    delete_task(task=task, actor=member)
    assert newest(project) == ("task.deleted", task_id, {"key": "WEB-1", "title": "Bye"})
    assert list(project.activities.order_by("seq").values_list("seq", flat=True)) == list(range(1, 8))


def test_refused_change_is_not_recorded(in_acme, member, project, task):
    with pytest.raises(ValidationError):
        update_task(task=task, actor=member, title="")
    with pytest.raises(ValidationError):
        create_task(actor=member, project=project, title="")
    assert newest(project)[0] == "task.created"
    assert project.activities.count() == 2


# Values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"title": ""}, {"title": "x" * 501}, {"priority": "huge"}, {"due_date": "soon"}])
def test_values_are_checked_without_a_form(in_acme, member, project, task, fields):
    with pytest.raises(ValidationError) as refused:
        update_task(task=task, actor=member, **fields)
    assert set(refused.value.message_dict) == set(fields)
    with pytest.raises(ValidationError) as refused:
        create_task(actor=member, project=project, **{"title": "x", **fields})
    assert set(refused.value.message_dict) == set(fields)


def test_former_members_are_not_assigned(in_acme, member, task):
    former = copy(member)
    former.ended_at = member.joined_at
    with pytest.raises(ValidationError) as refused:
        update_task(task=task, actor=member, assignees=[former])
    assert set(refused.value.message_dict) == {"assignees"}


def test_stale_task_instance_does_not_undo_concurrent_changes(in_acme, member, task):
    stale = Task.objects.get(pk=task.pk)
    update_task(task=task, actor=member, title="New title")
    changed = update_task(task=stale, actor=member, priority="high")
    assert (changed.title, changed.priority, changed.version) == ("New title", "high", 3)


# Roles -------------------------------------------------------------------------------------------------------------


def test_actions_check_the_role(in_acme, acme, vera, project, task, subtask):
    viewer = membership_of(vera, acme)
    refused = [
        lambda: create_task(actor=viewer, project=project, title="Mine"),
        lambda: update_task(task=task, actor=viewer, title="Mine"),
        lambda: delete_task(task=task, actor=viewer),
        lambda: create_subtask(actor=viewer, task=task, title="Mine"),
        lambda: update_subtask(subtask=subtask, actor=viewer, title="Mine"),
        lambda: delete_subtask(subtask=subtask, actor=viewer),
    ]
    for call in refused:
        with pytest.raises(PermissionDenied):
            call()
    assert (Task.objects.get().title, Subtask.objects.get().title) == ("Write the welcome page", "Find a picture")


# What is gone, or another's ----------------------------------------------------------------------------------------


def test_deleted_rows_are_not_found(in_acme, member, project, task, subtask):
    stale, stale_subtask = Task.objects.get(), Subtask.objects.select_related("task").get()
    delete_task(task=task, actor=member)
    for call in (
        lambda: update_task(task=stale, actor=member, title="x"),
        lambda: delete_task(task=stale, actor=member),
        lambda: create_subtask(actor=member, task=stale, title="x"),
        lambda: update_subtask(subtask=stale_subtask, actor=member, title="x"),
        lambda: delete_subtask(subtask=stale_subtask, actor=member),
    ):
        with pytest.raises(Gone):
            call()


def test_rows_of_another_tenant_are_not_found(in_acme, member, foreign_project, foreign_task):
    for call in (
        lambda: create_task(actor=member, project=foreign_project, title="Mine"),
        lambda: update_task(task=foreign_task, actor=member, title="Mine"),
        lambda: delete_task(task=foreign_task, actor=member),
        lambda: create_subtask(actor=member, task=foreign_task, title="Mine"),
    ):
        with pytest.raises(Gone):
            call()


# At the same moment ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_numbers_ranks_and_activities_have_no_doubles(acme, at_once, member, project):
    def create():
        for _ in range(5):
            create_task(actor=member, project=project, title="x")

    assert at_once(*[create] * 4) == []
    with tenant_context(acme):
        assert sorted(Task.objects.values_list("number", flat=True)) == list(range(1, 21))
        assert len(set(Task.objects.values_list("rank", flat=True))) == 20
        assert sorted(Activity.objects.values_list("seq", flat=True)) == list(range(1, 22))


@pytest.mark.django_db(transaction=True)
def test_no_change_of_a_task_is_lost(acme, at_once, member, task, statuses):
    changes = [
        {"title": "New"},
        {"priority": "high"},
        {"status": statuses["done"]},
        {"due_date": None, "description": "x"},
    ]
    calls = [lambda fields=fields: update_task(task=task, actor=member, **fields) for fields in changes]
    assert at_once(*calls) == []
    with tenant_context(acme):
        found = Task.objects.get()
        assert (found.title, found.priority, found.description, found.version) == ("New", "high", "x", 5)
        assert found.completed_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_project_is_deleted_while_tasks_are_written(acme, at_once, alice, member, project, task):
    """Every action begins by locking the project, so there is no deadlock; a late action finds nothing."""
    owner = membership_of(alice, acme)

    def write():
        for _ in range(5):
            create_task(actor=member, project=project, title="x")
            update_task(task=task, actor=member, title=str(threading.get_ident()))

    errors = at_once(write, write, lambda: delete_project(project=project, actor=owner))
    assert all(isinstance(error, Gone) for error in errors), errors
    with tenant_context(acme):
        assert not Project.objects.exists()
        assert not Task.objects.exists()
        assert not Status.objects.exists()

"""Changes of several tasks are announced once for each project."""

import pytest

from projects.actions.labels import create_label, update_label
from tasks.actions.bulk import TaskChange, update_tasks
from tasks.actions.tasks import create_task
from tests.accounts.live.overhearing import announcement, group_of
from tests.projects.offices import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def test_bulk_change_sends_one_announcement_for_each_project(office, project, overheard):
    other = make_project(office, key="OTHER")
    tasks = [office.act(create_task, project=place, title="x") for place in (project, other) for _ in range(10)]
    changes = [TaskChange(task, {"priority": "high"}) for task in tasks]
    heard = overheard(
        [group_of(office, project), group_of(office, other)], lambda: office.act(update_tasks, changes=changes)
    )
    assert sorted(heard, key=str) == sorted(
        [announcement(office, project, 21), announcement(office, other, 21)], key=str
    )


def test_label_change_is_announced_to_projects_with_the_label(office, project, overheard):
    label, without = office.act(create_label, name="Bug"), make_project(office, key="WITHOUT")
    office.act(create_task, project=project, title="x", labels=[label])
    groups = [group_of(office, project), group_of(office, without)]
    assert overheard(groups, lambda: office.act(update_label, label=label, name="Fault")) == [
        announcement(office, project, 3)
    ]

"""A member who loses access to a project loses the subscription. Attack 44."""

from uuid import uuid4

import pytest

from projects.actions.projects import add_project_member, delete_project, remove_project_member, update_project
from tasks.actions.tasks import create_task
from tests.projects.offices import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def not_found(project_id):
    return {
        "type": "error",
        "code": "not_found",
        "detail": "There is no such project, or you may not see it.",
        "project": str(project_id),
    }


def test_foreign_hidden_and_absent_projects_are_answered_alike(office, other_office):
    foreign, hidden, absent = make_project(other_office), make_project(office, private=True), uuid4()
    with office.with_token() as live:
        for project_id in (foreign.pk, hidden.pk, absent):
            for since in ({}, {"since": 0}):
                assert live.ask(type="subscribe", project=project_id, **since) == not_found(project_id)
        other_office.act(create_task, project=foreign, title="Spy")
        office.act(create_task, project=hidden, title="Secret")
        assert live.ask(type="ping") == {"type": "pong"}


def test_project_member_and_admin_can_follow_a_private_project(office):
    hidden = make_project(office, private=True)
    office.act(add_project_member, project=hidden, member=office.membership("member"))
    with office.with_token() as live, office.with_token("admin") as admin:
        for socket in (live, admin):
            socket.subscribe(hidden)
        office.act(create_task, project=hidden, title="Secret")
        for socket in (live, admin):
            assert socket.receive()["object"]["title"] == "Secret"


def make_private(office, project):
    office.act(update_project, project=project, private=True)


def delete(office, project):
    office.act(delete_project, project=project)


def take_out(office, project):
    office.act(remove_project_member, project=project, member=office.membership("member"))


@pytest.mark.parametrize("happens", [make_private, delete, take_out])
def test_a_subscription_ends_with_access_to_the_project(office, happens):
    project, other = make_project(office, private=happens is take_out), make_project(office, key="OTHER")
    if happens is take_out:
        office.act(add_project_member, project=project, member=office.membership("member"))
    with office.with_token() as live:
        live.subscribe(project)
        live.subscribe(other)
        happens(office, project)
        answer = live.receive()
        while answer["type"] == "event":  # that it became private, for example
            answer = live.receive()
        assert answer == not_found(project.pk)
        if happens is not delete:
            office.act(create_task, project=project, title="Secret")
        assert live.ask(type="subscribe", project=project.pk, since=0) == not_found(project.pk)
        office.act(create_task, project=other, title="Open")
        assert live.receive()["object"]["title"] == "Open"


def test_an_admin_keeps_a_project_that_becomes_private(office, project):
    with office.with_token("admin") as live, office.with_token("member") as other:
        live.subscribe(project)
        other.subscribe(project)
        make_private(office, project)
        assert live.receive()["seq"] == 2
        while (frame := other.receive()) != not_found(project.pk):  # first, where the machine is slow
            assert frame["seq"] == 2
        office.act(create_task, project=project, title="Secret")
        assert live.receive()["object"]["title"] == "Secret"


def test_project_that_was_just_hidden_cannot_be_followed(office, project):
    """Before the watch has looked."""
    with office.with_token("viewer") as live:
        make_private(office, project)
        assert live.ask(type="subscribe", project=project.pk) == not_found(project.pk)

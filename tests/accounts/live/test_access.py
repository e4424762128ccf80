"""A person who loses access loses the socket or the subscription. Attacks 20 and 23.

Five seconds are promised. The watch looks often enough for that; how soon it acts is measured in benchmarks/fanout.py.
"""

import time
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.live.watch import EVERY
from accounts.models import Account, Membership, User
from projects.actions import (
    add_project_member,
    delete_project,
    remove_project_member,
    update_project,
)
from tasks.actions import create_task
from tenancy.context import tenant_context
from tests.accounts.forging import forge
from tests.accounts.live.clients import PROTOCOL

pytestmark = pytest.mark.django_db(transaction=True)

PROMISED = 5.0


def test_the_watch_looks_often_enough_for_what_is_promised():
    assert 2 * EVERY < PROMISED  # just after a look, the whole interval and the next look


def members(office):
    return Membership.objects.filter(user=office.people["member"])


def remove(office):
    with tenant_context(office.tenant):
        members(office).update(ended_at=timezone.now())


def demote(office):
    with tenant_context(office.tenant):
        members(office).update(role="viewer")


def suspend(office):
    Account.objects.filter(pk=office.tenant.pk).update(suspended_at=timezone.now())


def switch_off(office):
    User.objects.filter(pk=office.people["member"].pk).update(is_active=False)


def log_out(office):
    Session.objects.all().delete()


def let_expire(office):
    Session.objects.update(expire_date=timezone.now())


def change_password(office):
    person = office.people["member"]
    person.set_password("another one")
    person.save()


BOTH = [
    (remove, 4403, "not_a_member"),
    (demote, 4403, "role_changed"),
    (suspend, 4403, "account_suspended"),
    (switch_off, 4401, "not_authenticated"),
]
OF_SESSIONS = [
    (log_out, 4401, "not_authenticated"),
    (let_expire, 4401, "not_authenticated"),
    (change_password, 4401, "not_authenticated"),
]


@pytest.mark.parametrize(
    ("happens", "code", "reason"),
    [*BOTH, (change_password, 4401, "not_authenticated")],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_socket_with_a_token_is_closed(office, project, happens, code, reason):
    with office.with_token() as live, office.with_token("owner") as bystander:
        live.subscribe(project)
        bystander.subscribe(project)
        happens(office)
        assert live.closed() == (code, reason)
        if happens is not suspend:
            assert bystander.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize(
    ("happens", "code", "reason"), [*BOTH, *OF_SESSIONS], ids=lambda value: getattr(value, "__name__", None)
)
def test_a_socket_with_a_session_is_closed(office, happens, code, reason):
    with office.with_cookie() as live:
        assert live.ask(type="ping") == {"type": "pong"}
        happens(office)
        assert live.closed() == (code, reason)


def test_a_socket_ends_with_its_token(office):
    end = int(time.time()) + 3
    leeway = int(settings.SIMPLE_JWT["LEEWAY"].total_seconds())
    with office.open([PROTOCOL, f"bearer.{forge(office.token(), exp=end - leeway)}"]) as live:
        assert live.ask(type="ping") == {"type": "pong"}
        assert live.closed() == (4401, "invalid_token")
        assert time.time() >= end


# Projects ----------------------------------------------------------------------------------------------------------


def not_found(project_id):
    return {
        "type": "error",
        "code": "not_found",
        "detail": "There is no such project, or you may not see it.",
        "project": str(project_id),
    }


def test_foreign_hidden_and_absent_projects_are_answered_alike(office, other_office):
    foreign, hidden, absent = other_office.make_project(), office.make_project(private=True), uuid4()
    with office.with_token() as live:
        for project_id in (foreign.pk, hidden.pk, absent):
            for since in ({}, {"since": 0}):
                assert live.ask(type="subscribe", project=project_id, **since) == not_found(project_id)
        other_office.act(create_task, project=foreign, title="Spy")
        office.act(create_task, project=hidden, title="Secret")
        assert live.ask(type="ping") == {"type": "pong"}


def test_a_private_project_of_ones_own(office):
    hidden = office.make_project(private=True)
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
    project, other = office.make_project(private=happens is take_out), office.make_project(key="OTHER")
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


def test_a_frame_right_after_losing_access_is_refused(office, project):
    """Before the watch has looked."""
    with office.with_token() as live:
        assert live.ask(type="ping") == {"type": "pong"}
        remove(office)
        assert live.refused(type="subscribe", project=project.pk) == (4403, "not_a_member")
    with office.with_token("viewer") as live:
        make_private(office, project)
        assert live.ask(type="subscribe", project=project.pk) == not_found(project.pk)

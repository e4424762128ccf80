"""The content of a tenant in another database than the control plane: here by the connection of another role.

No module relies on both being on one connection. The role is the owner of the tables, which row security applies to.
"""

import re

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from projects.models import Label, Project
from tasks.actions.comments import create_comment
from tasks.models import Comment
from tenancy import places
from tenancy.context import NoActiveTenant, all_tenants, tenant_context
from tenancy.places import atomic, for_each_place
from tenancy.planes import placed_tables
from tenancy.testing import membership_of
from tests.isolation.actions import CALLS, World

PLACE = "owner"
BOTH = pytest.mark.django_db(transaction=True, databases=["default", PLACE])


@pytest.fixture
def elsewhere(monkeypatch):
    """Have the content of all tenants at PLACE."""
    monkeypatch.setattr(places, "alias", lambda: PLACE)


@pytest.fixture
def world(acme, bob, charlie, project, task):
    with tenant_context(acme):
        Membership.objects.filter(user_id=bob.pk).update(role="owner")
        return World(acme, membership_of(bob, acme), membership_of(charlie, acme), project, task)


def tables_in(captured):
    return {name for query in captured for name in re.findall(r'"([a-z]+_[a-z_]+)"', query["sql"])}


@BOTH
@pytest.mark.parametrize("name", CALLS)
def test_action_reads_and_writes_content_where_it_is(elsewhere, acme, world, name):
    action, prepare = CALLS[name]
    with tenant_context(acme):
        arguments = prepare(world)
        with CaptureQueriesContext(connection) as control, CaptureQueriesContext(connections[PLACE]) as content:
            action(actor=world.actor, **arguments)
    planes = placed_tables()
    assert [table for table in tables_in(control) if planes.get(table)] == []
    assert [table for table in tables_in(content) if planes.get(table) is False] == []


@BOTH
def test_content_is_committed_before_the_locks_of_the_control_plane_end(elsewhere, acme, world):
    committed = []
    with tenant_context(acme), atomic():
        create_comment(actor=world.actor, task=world.task, body="x")
        places.on_commit(lambda: committed.append(connection.in_atomic_block))
    assert committed == [True]


@BOTH
def test_failed_action_leaves_nothing_in_either_database(elsewhere, acme, world):
    with tenant_context(acme):
        with pytest.raises(ZeroDivisionError), atomic():
            create_comment(actor=world.actor, task=world.task, body="x")
            raise ZeroDivisionError
        assert not Comment.objects.exists()


# Reading the content of all tenants ----------------------------------------------------------------------------------


@pytest.fixture
def labels(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            Label.objects.create(name=tenant.slug)


@pytest.mark.django_db(databases=["default", "operator"])
@pytest.mark.parametrize("read", [list, len, lambda rows: rows.count(), lambda rows: rows.exists()])
@pytest.mark.parametrize("model", [Label, Project, Comment])
def test_content_of_all_tenants_is_not_read_without_a_place(acme, model, read):
    with all_tenants(reason="a test"), pytest.raises(NoActiveTenant, match="for_each_place"):
        read(model.objects.all())


@pytest.mark.django_db(transaction=True, databases=["default", "operator"])
def test_memberships_of_all_tenants_are_read_without_a_place(bob, mallory):
    with all_tenants(reason="a test"):
        assert Membership.objects.count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "operator"])
def test_content_is_read_place_by_place(labels):
    def names():
        return sorted(Label.objects.values_list("name", flat=True))

    assert for_each_place(names, reason="a test") == [["acme", "globex"]]
    with pytest.raises(NoActiveTenant):
        names()


def test_unknown_place_is_refused():
    with pytest.raises(ValueError, match="no database"), all_tenants(reason="a test", place="nowhere"):
        pass


@pytest.mark.django_db
def test_reading_places_needs_a_reason():
    with pytest.raises(ValueError, match="reason"):
        for_each_place(list, reason=" ")

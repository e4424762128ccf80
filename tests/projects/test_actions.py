"""Actions on projects, beyond the tests of the API: activities, roadmap, and concurrency."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.exceptions import Gone
from projects.actions.activity import lock_project, record_activity
from projects.actions.projects import create_project, delete_project, set_on_roadmap, update_project
from projects.models import Activity, Project
from tenancy.context import tenant_context
from tenancy.places import atomic
from tenancy.testing import membership_of


@pytest.fixture
def in_acme(acme):
    with tenant_context(acme):
        yield


@pytest.fixture
def owner(acme, alice):
    return membership_of(alice, acme)


@pytest.fixture
def member(acme, bob):
    return membership_of(bob, acme)


@pytest.fixture
def viewer(acme, vera):
    return membership_of(vera, acme)


def feed(project):
    return [(entry.seq, entry.verb) for entry in project.activities.order_by("seq")]


# Activities --------------------------------------------------------------------------------------------------------


def test_creation_and_change_are_recorded(in_acme, owner):
    project = create_project(actor=owner, name="Website")
    update_project(project=project, actor=owner, name="Shop", color="red")
    assert feed(project) == [(1, "project.created"), (2, "project.updated")]
    entry = project.activities.get(seq=2)
    assert (entry.object_id, entry.actor_id, entry.data) == (project.pk, owner.pk, {"fields": ["color", "name"]})


def test_each_project_numbers_its_own_activities(in_acme, owner):
    for name in ("Website", "Shop"):
        assert feed(create_project(actor=owner, name=name)) == [(1, "project.created")]


def test_stale_project_instance_continues_the_sequence(in_acme, owner, project):
    stale = Project.objects.get(pk=project.pk)
    for row in (project, stale, project):
        record_activity(project=row, actor=owner, verb="test.happened", subject=project)
    assert [seq for seq, _ in feed(project)] == [1, 2, 3, 4]


def test_rolled_back_activity_leaves_no_gap(in_acme, owner, project):
    with pytest.raises(ZeroDivisionError), atomic():
        record_activity(project=project, actor=owner, verb="test.happened", subject=project)
        raise ZeroDivisionError
    project.refresh_from_db()
    record_activity(project=project, actor=owner, verb="test.happened", subject=project)
    assert [seq for seq, _ in feed(project)] == [1, 2]


def test_activity_may_have_no_actor(in_acme, project):
    assert record_activity(project=project, actor=None, verb="test.happened", subject=project).actor is None


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_and_no_doubles_under_load(acme, at_once, alice, project, owner):
    def rename():
        for turn in range(5):
            update_project(project=project, actor=owner, name=f"{threading.get_ident()} {turn}")

    assert at_once(*[rename] * 4) == []
    with tenant_context(acme):
        numbers = list(Activity.objects.order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, 22))
        assert Project.objects.get().last_activity_seq == 21


# Keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_parallel_projects_with_one_name_get_different_keys(acme, at_once, alice, owner):
    assert at_once(*[lambda: create_project(actor=owner, name="Website")] * 4) == []
    with tenant_context(acme):
        assert set(Project.objects.values_list("key", flat=True)) == {"WEB", "WEB2", "WEB3", "WEB4"}


def test_empty_key_is_generated(in_acme, owner):
    assert create_project(actor=owner, name="Website", key="").key == "WEB"


def test_values_are_checked_without_a_form(in_acme, owner, project):
    for fields in ({"name": ""}, {"key": "web"}, {"color": "mud"}, {"name": "x" * 201}):
        with pytest.raises(ValidationError) as refused:
            update_project(project=project, actor=owner, **fields)
        assert set(refused.value.message_dict) == set(fields)


# Roles -------------------------------------------------------------------------------------------------------------


def test_actions_check_the_role(in_acme, owner, member, viewer, project):
    refused = [
        lambda: create_project(actor=viewer, name="Mine"),
        lambda: update_project(project=project, actor=viewer, name="Mine"),
        lambda: delete_project(project=project, actor=viewer),
        lambda: delete_project(project=project, actor=member),
        lambda: set_on_roadmap(project=project, actor=member, shown=True),
    ]
    for call in refused:
        with pytest.raises(PermissionDenied):
            call()
    assert feed(project) == [(1, "project.created")]


# What is gone ------------------------------------------------------------------------------------------------------


def test_a_project_that_was_deleted_meanwhile_is_not_found(in_acme, owner, project):
    stale = Project.objects.get(pk=project.pk)
    delete_project(project=project, actor=owner)
    for call in (
        lambda: update_project(project=stale, actor=owner, name="x"),
        lambda: delete_project(project=stale, actor=owner),
        lambda: lock_project(stale.pk),
    ):
        with pytest.raises(Gone):
            call()


def test_the_project_of_another_tenant_is_not_found(in_acme, owner, foreign_project):
    with pytest.raises(Gone):
        update_project(project=foreign_project, actor=owner, name="Mine")


# Roadmap -----------------------------------------------------------------------------------------------------------


def test_admins_show_a_project_on_the_roadmap_and_take_it_off(in_acme, owner, project):
    assert set_on_roadmap(project=project, actor=owner, shown=True).on_roadmap
    assert not set_on_roadmap(project=project, actor=owner, shown=False).on_roadmap


def test_a_private_project_is_not_shown(in_acme, owner, secret_project):
    with pytest.raises(ValidationError, match="private"):
        set_on_roadmap(project=secret_project, actor=owner, shown=True)


def test_a_project_that_becomes_private_is_not_shown_any_more(in_acme, owner, project):
    set_on_roadmap(project=project, actor=owner, shown=True)
    assert not update_project(project=project, actor=owner, private=True).on_roadmap
    project.refresh_from_db()
    assert not project.on_roadmap

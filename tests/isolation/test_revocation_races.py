"""Permissions are checked at the time of use: one is revoked while an action waits for its locks.

The tests are generated from all actions. The revocation holds every lock that an action waits for, the action waits,
and the revocation commits. The action is refused and writes nothing.
"""

import threading

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from accounts.actions.authorization import authorize
from accounts.actions.members import change_role, remove_member
from accounts.exceptions import Gone
from accounts.models import Account, Membership, User
from projects.models import Label, Project
from tasks.actions.bulk import BulkRefused
from tasks.actions.tasks import create_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.outbox.models import OutboxJob
from tenancy.places import atomic
from tenancy.testing import membership_of
from tests.accounts.files.clients import keys_of
from tests.isolation.actions import CALLS, IN_A_PROJECT, NOT_ACTIONS, VIEWERS_TOO, World, found
from tests.waiting import PATIENCE, wait_until_blocked

REFUSALS = (PermissionDenied, Gone, BulkRefused)


def remove(world):
    Membership.objects.filter(pk=world.actor.pk).update(ended_at=timezone.now())


def demote(world):
    Membership.objects.filter(pk=world.actor.pk).update(role="viewer")


def switch_off(world):
    User.objects.filter(pk=world.actor.user_id).update(is_active=False)


def suspend(world):
    Account.objects.filter(pk=world.account.pk).update(suspended_at=timezone.now())


def hide(world):
    """Demote an admin to member, who may still write, and make the project private without them."""
    Membership.objects.filter(pk=world.actor.pk).update(role="member")
    with connection.cursor() as cursor:  # no action writes both planes, and the ORM refuses it
        cursor.execute("UPDATE projects_project SET private = true")


def revocations_of(name, arguments):
    yield remove
    if name not in VIEWERS_TOO:
        yield demote
    if IN_A_PROJECT & set(arguments):
        yield hide
    yield switch_off
    if name != "accounts.actions.account_deletion.restore_account":  # of an account that is suspended
        yield suspend


def state_of(account):
    """Return everything that an action can write: rows of the account, the account, users, jobs and objects."""
    models = [model for model in apps.get_models() if is_tenant_owned(model)] + [Account, User, OutboxJob]
    return {model._meta.label: sorted(map(repr, model._default_manager.values_list())) for model in models}


def test_every_action_is_covered():
    names = list(found())
    assert len(names) == len(set(names))
    assert set(names) == CALLS.keys() | NOT_ACTIONS.keys()
    assert CALLS.keys() >= VIEWERS_TOO


@pytest.fixture
def world(acme, bob, charlie, project, task):
    """Bob is an owner too. Alice has created the project, so no rule requires that bob stays."""
    with tenant_context(acme):
        Membership.objects.filter(user_id=bob.pk).update(role="owner")
        return World(acme, membership_of(bob, acme), membership_of(charlie, acme), project, task)


@pytest.fixture
def meanwhile(acme, at_once):
    """Run `call` while `revoke` holds all locks; return its refusal, and all rows before and after it.

    The refusal is None if the call needed no lock and ended before the revocation.
    """

    def meanwhile(revoke, call):
        held, done = threading.Event(), threading.Event()
        refused, before, ended_before = [], [], []

        def hold():
            with transaction.atomic():
                for rows in (User.objects, Account.objects, Project.objects, Label.objects):
                    list(rows.select_for_update(no_key=True).order_by("pk"))
                revoke()
                before.append(state_of(acme))
                held.set()
                wait_until_blocked(unless=done.is_set)
                ended_before.append(done.is_set())

        def act():
            assert held.wait(PATIENCE)
            try:
                call()
            except REFUSALS as error:
                refused.append(error)
            finally:
                done.set()

        assert at_once(hold, act) == []
        return None if ended_before[0] else refused, before[0], state_of(acme)

    return meanwhile


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", CALLS)
def test_action_writes_nothing_after_the_permission_was_revoked(acme, world, meanwhile, name):
    action, prepare = CALLS[name]
    with tenant_context(acme):
        arguments = prepare(world)
        account, objects = Account.objects.get(pk=acme.pk), keys_of(acme)
        for revoke in revocations_of(name, arguments):
            stale = Membership.objects.prefetch_related("user").get(pk=world.actor.pk)  # what the request has read
            refused, before, after = meanwhile(
                lambda revoke=revoke: revoke(world), lambda stale=stale: action(actor=stale, **arguments)
            )
            if refused is None and revoke in (switch_off, suspend):
                break  # these lock no membership: a write without other locks is committed before them
            assert refused, f"{name} was carried out after {revoke.__name__}()."
            assert after == before, revoke.__name__
            assert keys_of(acme) == objects, revoke.__name__
            Membership.objects.filter(pk=world.actor.pk).update(role="owner", ended_at=None)
            User.objects.filter(pk=world.actor.user_id).update(is_active=True)
            Account.objects.filter(pk=acme.pk).update(suspended_at=account.suspended_at)
            Project.objects.update(private=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", CALLS)
def test_the_same_call_succeeds_while_the_permission_is_there(acme, world, name):
    """Without this the test above would also pass for a call that is refused for another reason."""
    action, prepare = CALLS[name]
    with tenant_context(acme):
        arguments = prepare(world)
        before = state_of(acme)
        action(actor=world.actor, **arguments)
        removed_nothing = name in ("accounts.actions.pictures.remove_avatar", "accounts.actions.pictures.remove_logo")
        assert (state_of(acme) == before) == removed_nothing


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revoke", ["removed", "demoted"])
def test_a_revocation_waits_for_the_writes_that_were_authorized_before_it(acme, alice, bob, project, at_once, revoke):
    """So no write of a member is committed after the response to their removal."""
    owner, member = membership_of(alice, acme), membership_of(bob, acme)
    written, order = threading.Event(), []

    def write():
        with atomic():
            create_task(actor=member, project=project, title="In time")
            written.set()
            wait_until_blocked()
            order.append("written")

    def take_away():
        assert written.wait(PATIENCE)
        if revoke == "removed":
            remove_member(member=membership_of(bob, acme), actor=owner)
        else:
            change_role(member=membership_of(bob, acme), actor=owner, role="viewer")
        order.append("revoked")

    assert at_once(write, take_away) == []
    assert order == ["written", "revoked"]
    with tenant_context(acme):
        assert Task.objects.filter(title="In time").exists()


@pytest.mark.django_db(transaction=True)
def test_two_writes_of_one_member_do_not_wait_for_each_other(acme, bob, at_once):
    both = threading.Barrier(2)

    def write():
        with atomic():
            authorize(membership_of(bob, acme), "task.write")
            both.wait(PATIENCE)  # neither has committed

    assert at_once(write, write) == []

"""A person who loses access loses the socket or the subscription. Attacks 36, 44 and 69.

Five seconds are promised. The watch looks often enough for that; how soon it acts is measured in benchmarks/fanout.py.
"""

import time

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.live.watch import EVERY
from accounts.models import Account, Membership, Session, User
from tenancy.context import tenant_context
from tests.accounts.forged_tokens import forge
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
def test_a_socket_with_a_token_is_closed(office, note, happens, code, reason):
    with office.with_token() as live, office.with_token("owner") as bystander:
        live.subscribe(note)
        bystander.subscribe(note)
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


def test_a_frame_right_after_losing_access_is_refused(office, note):
    """Before the watch has looked."""
    with office.with_token() as live:
        assert live.ask(type="ping") == {"type": "pong"}
        remove(office)
        assert live.refused(type="subscribe", note=note.pk) == (4403, "not_a_member")

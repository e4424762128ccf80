"""Every refusal costs the same: the same statements, jobs, hashes and commands to Redis.

The tests count operations instead of measuring time. A different cost would reveal which users exist, and where.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from allauth.account.models import EmailAddress
from celery import current_app
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis.connection import Connection

from accounts.models import User
from tenancy import routing
from tenancy.testing import PASSWORD, join, make_user
from tests.accounts.authentication import LOG_IN, SIGN_UP, TOKEN
from tests.accounts.invitations import URL as INVITATIONS

pytestmark = pytest.mark.django_db

RESET, EMAIL = "/auth/password/reset/", "/auth/email/"


@dataclass
class Cost:
    """The operations of one request."""

    statements: list[str] = field(default_factory=list)
    hashes: int = 0
    commands: int = 0
    jobs: list[str] = field(default_factory=list)


def shape(sql):
    """Return a statement without its values."""
    sql = re.sub(r"'(?:[^']|'')*'(::\w+)?", "?", sql)
    sql = re.sub(r"\b\d+\b|\bNULL\b|\btrue\b|\bfalse\b", "?", sql)
    return re.sub(r'"s\d+_x\d+"', "savepoint", sql)


@pytest.fixture
def measure(monkeypatch, django_capture_on_commit_callbacks):
    """Count the operations of a block: `with measure() as cost`. Jobs include those sent to the broker directly."""
    monkeypatch.setattr(routing.in_process, "seconds", 0)  # every block looks the account up

    @contextmanager
    def measure():
        cache.get("connected")  # so that no connection is made meanwhile
        cost = Cost()
        encode, send = MD5PasswordHasher.encode, Connection.send_packed_command
        with monkeypatch.context() as patch:
            patch.setattr(
                MD5PasswordHasher, "encode", lambda *args: setattr(cost, "hashes", cost.hashes + 1) or encode(*args)
            )
            patch.setattr(
                Connection,
                "send_packed_command",
                lambda *args, **kw: setattr(cost, "commands", cost.commands + 1) or send(*args, **kw),
            )
            patch.setattr(
                current_app.tasks["accounts.log_in_refused_on_public_site"],
                "delay",
                lambda *args: cost.jobs.append("accounts.log_in_refused_on_public_site"),
            )
            patch.setattr(
                current_app.tasks["accounts.send_user_email_of_public_site"],
                "delay",
                lambda *args: cost.jobs.append("accounts.send_user_email_of_public_site"),
            )
            with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks(execute=True):
                yield cost
        cost.statements = [shape(each["sql"]) for each in queries.captured_queries]

    return measure


@pytest.fixture
def people(acme, globex, bob, mallory, vera, charlie, end_membership):
    """Create one user for each reason to refuse a log-in, and return {reason: (address, password)}."""
    switched_off, unconfirmed, non_member, former, linked, wanting = map(
        make_user, ("off", "unconfirmed", "non-member", "former", "linked", "wanting")
    )
    for person in (switched_off, unconfirmed, former, linked, wanting):
        join(person, acme, "member")
    end_membership(former, acme)
    User.objects.filter(pk=switched_off.pk).update(is_active=False)
    EmailAddress.objects.filter(user__in=(unconfirmed, non_member)).update(verified=False)
    linked.set_unusable_password()
    linked.save()
    EmailAddress.objects.create(user=wanting, email="vera@example.com")
    return {
        "a member's wrong password": (bob.email, "wrong"),
        "a non-member's right password": (mallory.email, PASSWORD),
        "a non-member's wrong password": (mallory.email, "wrong"),
        "unknown address": ("absent@example.com", PASSWORD),
        "switched off": (switched_off.email, PASSWORD),
        "not been confirmed": (unconfirmed.email, PASSWORD),
        "not confirmed, wrong": (unconfirmed.email, "wrong"),
        "not confirmed, no member": (non_member.email, PASSWORD),
        "a former member": (former.email, PASSWORD),
        "without a password": (linked.email, PASSWORD),
        "a pending address": (vera.email, "wrong"),
    }


def is_write(statement):
    return statement.startswith(("INSERT", "UPDATE", "DELETE"))


def costs_of(measure, people, send):
    found = {}
    for reason, (email, password) in people.items():
        cache.clear()
        with measure() as cost:
            send(email, password)
        found[reason] = cost
    return found


def on_the_page(client, at):
    def send(email, password):
        answer = client.at(at).post(LOG_IN, {"login": email, "password": password})
        assert b"not correct" in answer.content

    return send


def in_the_api(client, at, **fields):
    def send(email, password):
        answer = client.at(at).json("POST", TOKEN, {"email": email, "password": password, **fields})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")

    return send


def require_equal(costs):
    first, *others = costs.items()
    for reason, cost in others:
        assert cost == first[1], f"{reason} is not {first[0]}"


@pytest.mark.parametrize("where", ["page", "api", "api of the public host", "page of the public host"])
def test_every_refused_log_in_costs_the_same(client, acme, people, measure, where):
    if where == "page of the public host":  # where every confirmed user may log in
        people = {reason: who for reason, who in people.items() if who[1] == "wrong" or "confirmed" in reason}
        people["unknown address"] = ("absent@example.com", "wrong")
    send = {
        "page": lambda: on_the_page(client, acme),
        "api": lambda: in_the_api(client, acme),
        "api of the public host": lambda: in_the_api(client, None, account="acme"),
        "page of the public host": lambda: on_the_page(client, None),
    }[where]()
    costs = costs_of(measure, people, send)
    assert {cost.hashes for cost in costs.values()} == {1}
    require_equal(costs)


@pytest.mark.parametrize("at_account", [True, False])
def test_every_request_for_a_password_link_costs_the_same(client, acme, people, measure, at_account):
    def send(email, password):
        assert client.at(acme if at_account else None).post(RESET, {"email": email}).status_code == 302

    require_equal(costs_of(measure, people, send))


def test_every_invitation_costs_the_same(client, acme, alice, people, measure):
    """For addresses without a membership. Admins see the addresses of members anyway."""
    session = client.at(acme).with_token(alice)

    def send(email, password):
        assert session.json("POST", INVITATIONS, {"email": email, "role": "member"}).status_code == 201

    reasons = ("unknown address", "a non-member's right password", "not confirmed, no member", "a former member")
    require_equal(costs_of(measure, {reason: people[reason] for reason in reasons}, send))


def test_every_address_change_request_costs_the_same(client, acme, bob, people, measure):
    def send(email, password):
        EmailAddress.objects.filter(user=bob, verified=False).delete()
        session = client.as_(bob)
        session.post("/auth/reauthenticate/", {"password": PASSWORD})
        with measure() as cost:
            answer = session.post(EMAIL, {"email": email, "action_add": ""})
        assert (answer.status_code, answer.url) == (302, EMAIL)
        return cost

    reasons = ("unknown address", "a non-member's right password", "not confirmed, no member", "switched off")
    costs = {}
    for reason in reasons:
        cache.clear()
        costs[reason] = send(*people[reason])
    require_equal(costs)


def test_every_sign_up_writes_the_same(client, acme, people, measure):
    """The queries of allauth for the next page differ: docs/authentication.md."""

    def send(email, password):
        fields = {"email": email, "password1": "a long sentence of hers", "account_name": email, "slug": ""}
        assert client.at(None).post(SIGN_UP, fields).status_code == 302

    reasons = ("unknown address", "a non-member's right password", "not confirmed, no member", "switched off")
    costs = costs_of(measure, {reason: people[reason] for reason in reasons}, send)
    writes = {reason: [each for each in cost.statements if is_write(each)] for reason, cost in costs.items()}
    require_equal(writes)
    assert len(writes["unknown address"]) == 8  # account, anchor, person, address, member, audit log, email, session
    assert {cost.hashes for cost in costs.values()} == {1}

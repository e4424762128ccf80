"""Quotas of plans: one more row is 402."""

import pytest
from django.db import transaction

from accounts.exceptions import QuotaExceeded
from accounts.models import Account, Membership
from accounts.plans import LIMITS, Plan
from accounts.quotas import require_room
from projects.actions.projects import create_project
from projects.models import Project
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

URL = "/api/v1/projects/"
MESSAGE = "The plan “Free” includes 10 projects, including archived ones. Delete one, or change the plan."


@pytest.fixture
def free(acme):
    """Acme, on the smallest plan."""
    acme.plan = Plan.FREE
    acme.save()
    return acme


def fill(account, number, **fields):
    with tenant_context(account):
        Project.objects.bulk_create(
            [Project(key=f"P{n}", name=f"Project {n}", **fields) for n in range(100, 100 + number)]
        )


def projects_of(account):
    with tenant_context(account):
        return Project.objects.count()


def test_every_plan_is_in_the_table():
    assert set(LIMITS) == set(Plan.values)


def test_default_plan_has_no_limits():
    limits = LIMITS[Account().plan]
    assert (limits.members, limits.projects, limits.storage) == (None, None, None)


def test_project_beyond_the_plan_limit_is_refused(client, free, bob):
    fill(free, 9)
    assert client.as_(bob).json("POST", URL, {"name": "Tenth"}).status_code == 201
    response = client.as_(bob).json("POST", URL, {"name": "Eleventh"})
    assert response.status_code == 402
    assert response.json() == {"code": "quota_exceeded", "detail": MESSAGE, "errors": {}}
    assert projects_of(free) == 10


def test_deleted_project_frees_its_place(client, free, alice):
    fill(free, 10)
    rows = client.as_(alice).get(URL).json()["results"]
    assert client.as_(alice).delete(f"{URL}{rows[0]['id']}/").status_code == 204
    assert client.as_(alice).json("POST", URL, {"name": "Next"}).status_code == 201


@pytest.mark.parametrize("hidden", [{"private": True}, {"archived_at": "2026-01-01T00:00:00Z"}])
def test_projects_that_are_not_listed_count(client, free, bob, hidden):
    fill(free, 10, **hidden)
    assert client.as_(bob).get(URL).json()["results"] == []
    assert client.as_(bob).json("POST", URL, {"name": "Eleventh"}).status_code == 402


def test_projects_of_other_accounts_do_not_count(client, free, globex, bob, mallory):
    fill(globex, 10)
    assert client.as_(bob).json("POST", URL, {"name": "First"}).status_code == 201
    assert client.as_(mallory).json("POST", URL, {"name": "Eleventh"}).status_code == 201


def test_roles_and_fields_are_checked_first(client, free, bob, vera):
    fill(free, 10)
    assert client.as_(vera).json("POST", URL, {"name": "Eleventh"}).status_code == 403
    assert client.as_(bob).json("POST", URL, {"name": ""}).status_code == 400


def test_a_refused_project_leaves_its_key_free(client, free, bob, alice):
    fill(free, 10)
    headers = {"Idempotency-Key": "key-1"}

    def send():
        content = '{"name": "Eleventh"}'
        return client.as_(bob).generic("POST", URL, content, content_type="application/json", headers=headers)

    assert send().status_code == 402
    Account.objects.filter(pk=free.pk).update(plan=Plan.TEAM)
    free.plan = Plan.TEAM
    assert send().status_code == 201


def test_projects_beyond_a_smaller_plan_are_kept(client, free, bob):
    fill(free, 30)
    assert client.as_(bob).get(URL).status_code == 200
    assert client.as_(bob).json("POST", URL, {"name": "Next"}).status_code == 402
    assert projects_of(free) == 30


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_last_project_is_created(free, alice, at_once):
    fill(free, 9)
    owner = membership_of(alice, free)
    errors = at_once(*[lambda: create_project(actor=owner, name="Last")] * 4)
    assert [type(error) for error in errors] == [QuotaExceeded] * 3
    assert projects_of(free) == 10


def test_members_are_limited_by_the_plan(free):
    with tenant_context(free), transaction.atomic():
        for number in range(5):
            require_room("members", Membership.objects.current())
            join(make_user(f"person-{number}"), free, "member")
        with pytest.raises(QuotaExceeded, match="includes 5 members"):
            require_room("members", Membership.objects.current())

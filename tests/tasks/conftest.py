"""Fixtures of the tests of notifications, mails and exports."""

import pytest

from tenancy.context import tenant_context
from tenancy.testing import membership_of

API = "/api/v1/"
EXPORTS = f"{API}exports/"


@pytest.fixture
def member_id(acme):
    """Return the id of a user's membership in acme."""
    return lambda user: str(membership_of(user, acme).pk)


@pytest.fixture
def assign(client, member_id):
    """Let a user assign people to a task, through the API."""

    def assign(actor, task, *people):
        body = {"assignees": [member_id(person) for person in people]}
        response = client.as_(actor).json("PATCH", f"{API}tasks/{task.pk}/", body)
        assert response.status_code == 200, response.json()

    return assign


@pytest.fixture
def comment(client):
    """Let a user comment on a task, through the API; returns the id of the comment."""

    def comment(actor, task, body):
        response = client.as_(actor).json("POST", f"{API}comments/", {"task": task.pk, "body": body})
        assert response.status_code == 201, response.json()
        return response.json()["id"]

    return comment


@pytest.fixture
def inbox(client):
    """Return the inbox of a user in their first account, newest first."""
    return lambda user: client.as_(user).get(f"{API}notifications/").json()["results"]


@pytest.fixture
def change(acme):
    """Change a user's membership of acme without the actions: `change(bob, ended_at=…)`."""

    def change(user, **fields):
        with tenant_context(acme):
            member = membership_of(user, acme)
            type(member).objects.filter(pk=member.pk).update(**fields)

    return change


@pytest.fixture
def ask(client):
    """Have a member request an export, and return the response."""

    def ask(user, project, kind="csv"):
        return client.as_(user).json("POST", EXPORTS, {"project": project.pk, "format": kind})

    return ask


@pytest.fixture
def exported(client, ask, run_jobs):
    """Have a member export a project, and return the export when it is ready and the response with its file."""

    def exported(user, project, kind="csv"):
        url = f"{EXPORTS}{ask(user, project, kind).json()['id']}/"
        run_jobs()
        session = client.as_(user)
        return session.get(url).json(), session.get(f"{url}download/")

    return exported

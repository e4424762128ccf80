"""Exports of the sample subject, which alice, the owner of acme, and charlie, an admin, see."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Invitation
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.kinds import sample_kinds  # noqa: F401  # a fixture

URL = "/api/v1/exports/"


@pytest.fixture
def subject(acme, alice):
    with tenant_context(acme):
        expires_at = timezone.now() + timedelta(days=1)
        member = membership_of(alice, acme)
        return Invitation.objects.create(email="sample@example.com", invited_by=member, expires_at=expires_at)


@pytest.fixture
def session(client, acme, admin):
    return client.as_(admin, at=acme)


@pytest.fixture
def ask(session, subject):
    """Request an export of the subject as the admin, and return the response."""
    return lambda **body: session.json("POST", URL, {"sample": str(subject.pk), "format": "txt", **body})


@pytest.fixture
def exported(session, ask, run_jobs):
    """Export the subject, and return the export when it is ready and the response with its file."""

    def exported():
        url = f"{URL}{ask().json()['id']}/"
        run_jobs()
        return session.get(url).json(), session.get(f"{url}download/")

    return exported


@pytest.fixture
def change(acme, admin):
    """Change the membership of the admin without an action: `change(role="member")`."""

    def change(**fields):
        with tenant_context(acme):
            member = membership_of(admin, acme)
            type(member).objects.filter(pk=member.pk).update(**fields)

    return change

"""Two members of acme who see the sample subject: alice, the owner, and charlie, an admin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Invitation
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.kinds import notification_of, sample_kinds, sample_section  # noqa: F401  # fixtures


@pytest.fixture
def subject(acme, alice):
    with tenant_context(acme):
        expires_at = timezone.now() + timedelta(days=1)
        member = membership_of(alice, acme)
        return Invitation.objects.create(email="sample@example.com", invited_by=member, expires_at=expires_at)


@pytest.fixture
def notified(acme, alice, admin, subject):
    """Notify the admin of the subject, in the name of the owner."""

    def notified(**fields):
        with tenant_context(acme):
            return notification_of(subject, membership_of(admin, acme), membership_of(alice, acme), **fields)

    return notified


@pytest.fixture
def change(acme, admin):
    """Change the membership of the admin without an action: `change(role="member")`."""

    def change(**fields):
        with tenant_context(acme):
            member = membership_of(admin, acme)
            type(member).objects.filter(pk=member.pk).update(**fields)

    return change


@pytest.fixture
def inbox(client, acme):
    """Return the inbox of a user in acme, newest first."""
    return lambda user: client.as_(user, at=acme).get("/api/v1/notifications/").json()["results"]

"""Two members of acme who see the note: alice, the owner, and charlie, an admin."""

import pytest

from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.actions import create_note
from tests.sample.kinds import notification_of, sample_kinds, sample_section  # noqa: F401  # fixtures
from tests.sample.models import Note


@pytest.fixture
def subject(acme, alice):
    with tenant_context(acme):
        return create_note(actor=membership_of(alice, acme), text="Water the plants")


@pytest.fixture
def notified(acme, alice, admin, subject):
    """Notify the admin of the subject, in the name of the owner."""

    def notified(**fields):
        with tenant_context(acme):
            return notification_of(subject, membership_of(admin, acme), membership_of(alice, acme), **fields)

    return notified


@pytest.fixture
def change(acme, admin):
    """Change the membership of the admin without an action: `change(ended_at=…)`."""

    def change(**fields):
        with tenant_context(acme):
            member = membership_of(admin, acme)
            type(member).objects.filter(pk=member.pk).update(**fields)

    return change


@pytest.fixture
def inbox(client, acme):
    """Return the inbox of a user in acme, newest first."""
    return lambda user: client.as_(user, at=acme).get("/api/v1/notifications/").json()["results"]


@pytest.fixture
def hide(acme, alice, subject):
    """Hide the subject from all members but alice, or show it again: `hide(False)`."""

    def hide(hidden=True):
        with tenant_context(acme):
            Note.objects.filter(pk=subject.pk).update(reader=membership_of(alice, acme) if hidden else None)

    return hide

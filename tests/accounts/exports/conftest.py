"""Exports of a note, which alice, the owner of acme, and charlie, an admin, see."""

import pytest

from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.actions import create_note
from tests.sample.kinds import sample_kinds  # noqa: F401  # a fixture
from tests.sample.models import Note

URL = "/api/v1/exports/"


@pytest.fixture
def subject(acme, alice):
    with tenant_context(acme):
        return create_note(actor=membership_of(alice, acme), text="Water the plants")


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
    """Change the membership of the admin without an action: `change(ended_at=…)`."""

    def change(**fields):
        with tenant_context(acme):
            member = membership_of(admin, acme)
            type(member).objects.filter(pk=member.pk).update(**fields)

    return change


@pytest.fixture
def hide(acme, alice, subject):
    """Hide the subject from all members but alice, or show it again: `hide(False)`."""

    def hide(hidden=True):
        with tenant_context(acme):
            Note.objects.filter(pk=subject.pk).update(reader=membership_of(alice, acme) if hidden else None)

    return hide

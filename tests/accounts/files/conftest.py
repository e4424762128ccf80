"""Files of notes, which belong to the sample app: tests of what a fork keeps without projects and tasks."""

import pytest

from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.models import Note


@pytest.fixture(autouse=True)
def _routes_of_the_sample_app(settings):
    variants = settings.TENANCY["VARIANTS"]
    standard = {**variants["standard"], "URLCONF": "tests.sample.urls"}
    settings.TENANCY = {**settings.TENANCY, "VARIANTS": {**variants, "standard": standard}}


@pytest.fixture
def bobs(client, bob):
    """A session of bob, a member of acme."""
    return client.as_(bob)


@pytest.fixture
def note(acme):
    """A note of acme that all members may read."""
    with tenant_context(acme):
        return Note.objects.create(text="Minutes")


@pytest.fixture
def secret_note(acme, alice):
    """A note of acme that only alice may read."""
    with tenant_context(acme):
        return Note.objects.create(text="Secret", reader=membership_of(alice, acme))


@pytest.fixture
def foreign_note(globex):
    """A note of globex."""
    with tenant_context(globex):
        return Note.objects.create(text="Theirs")

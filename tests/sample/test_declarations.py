"""Permissions and quotas that the sample app declares apply like those of the product."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.exceptions import QuotaExceeded
from accounts.models import Account
from accounts.plans import Plan
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.sample.actions import create_note
from tests.sample.extensions import MOST_NOTES
from tests.sample.models import Note

pytestmark = pytest.mark.django_db


def write(account, person):
    with tenant_context(account):
        return create_note(actor=membership_of(person, account), text="Water the plants")


def test_viewer_cannot_create_note(acme, bob, vera):
    write(acme, bob)
    with pytest.raises(PermissionDenied):
        write(acme, vera)


def test_quota_of_the_app_limits_its_rows(acme, bob):
    for _ in range(MOST_NOTES):
        write(acme, bob)
    with pytest.raises(QuotaExceeded, match=f"At most {MOST_NOTES} notes"):
        write(acme, bob)
    with tenant_context(acme):
        assert Note.objects.count() == MOST_NOTES


def test_page_of_the_plan_shows_the_quota_of_the_app(client, acme, bob):
    Account.objects.filter(pk=acme.pk).update(plan=Plan.FREE)
    write(acme, bob)
    page = client.as_(bob).get("/settings/plan/").content.decode()
    assert "Notes" in page
    assert f"1 of {MOST_NOTES}" in page

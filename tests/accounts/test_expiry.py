"""The daily deletion of expired rows, tenant by tenant."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.jobs import remove_expired, remove_expired_sessions, remove_old
from accounts.models import ApiToken, IdempotencyKey, PlacedIdempotencyKey, RefreshFamily, Session
from tenancy.context import tenant_context
from tenancy.testing import membership_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(alice, mallory):
    """Create rows of an account, some of which have expired; return the unexpired ones."""

    def make(tenant, user):
        now, member = timezone.now(), membership_of(user, tenant)
        with tenant_context(tenant):
            for hours in (1, 23, 25):
                for keys in (IdempotencyKey, PlacedIdempotencyKey):
                    key = keys.objects.create(member=member, request_hash=str(hours), body_hash="x", status=201)
                    keys.objects.filter(pk=key.pk).update(created_at=now - timedelta(hours=hours))
            for days in (-1, 1):
                expires_at = now + timedelta(days=days)
                RefreshFamily.objects.create(member=member, current_token_id=uuid4(), expires_at=expires_at)
            for name, fields in {
                "live": {},
                "expired": {"expires_at": now - timedelta(days=1)},
                "expired long ago": {"expires_at": now - timedelta(days=91)},
                "revoked": {"revoked_at": now - timedelta(days=1)},
                "revoked long ago": {"revoked_at": now - timedelta(days=91)},
            }.items():
                ApiToken.objects.create(member=member, name=name, text_hash=name, **fields)

    return make


def left(tenant):
    with tenant_context(tenant):
        return (
            sorted(IdempotencyKey.objects.values_list("request_hash", flat=True)),
            sorted(PlacedIdempotencyKey.objects.values_list("request_hash", flat=True)),
            RefreshFamily.objects.count(),
            sorted(ApiToken.objects.values_list("name", flat=True)),
        )


def test_expired_rows_are_deleted_in_the_active_account_only(acme, globex, alice, mallory, make):
    make(acme, alice)
    make(globex, mallory)
    before = left(globex)
    with tenant_context(acme):
        remove_expired(day="2026-11-21")
        remove_old(day="2026-11-21")
    assert left(acme) == (["1", "23"], ["1", "23"], 1, ["expired", "live", "revoked"])
    assert left(globex) == before


def test_sessions_that_expired_are_deleted(client, alice, bob):
    client.as_(alice)
    client.as_(bob)
    old = Session.objects.first()
    Session.objects.filter(pk=old.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    remove_expired_sessions()
    assert Session.objects.count() == 1
    assert not Session.objects.filter(pk=old.pk).exists()

"""The daily deletion of exports that have expired and of exports whose subject was deleted, with their files."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.jobs import remove_old
from accounts.models import Export
from tenancy.context import tenant_context
from tenancy.storage import StorageUnavailable, TenantStorage
from tests.sample.models import Note

DAY = "2026-11-21"


def test_expired_export_is_deleted_with_its_file(acme, exported):
    exported()
    exported()
    with tenant_context(acme):
        new, old = Export.objects.all()
        Export.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        remove_old(day=DAY)
        assert list(Export.objects.all()) == [new]
        assert (default_storage.exists(new.file), default_storage.exists(old.file)) == (True, False)


def test_export_of_deleted_subject_is_deleted_with_its_file(acme, exported):
    exported()
    with tenant_context(acme):
        Note.objects.all().delete()
        export = Export.objects.get()
        remove_old(day=DAY)
        assert not Export.objects.exists()
        assert not default_storage.exists(export.file)


def test_row_stays_while_its_file_cannot_be_deleted(acme, exported, monkeypatch):
    exported()
    with tenant_context(acme):
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        gone = TenantStorage(**{**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"})
        with monkeypatch.context() as patch:
            patch.setattr(default_storage, "_wrapped", gone)
            with pytest.raises(StorageUnavailable):
                remove_old(day=DAY)
        assert Export.objects.count() == 1


def test_abandoned_exports_fail(acme, ask):
    for _ in range(3):
        ask()
    with tenant_context(acme):
        Export.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
        remove_old(day=DAY)
        assert set(Export.objects.values_list("state", "failure")) == {("failed", "abandoned")}
    assert ask().status_code == 201

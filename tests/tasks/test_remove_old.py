"""What the daily job removes: exports that have expired, with their files, and old notifications."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.jobs import remove_old
from accounts.models import Export, Notification
from tenancy.context import tenant_context
from tenancy.storage import StorageUnavailable, TenantStorage

URL = "/api/v1/exports/"


def test_what_has_expired_goes_with_its_file(acme, exported, bob, project):
    exported(bob, project)
    exported(bob, project)
    with tenant_context(acme):
        new, old = Export.objects.all()
        Export.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        remove_old(day="2026-11-21")
        assert list(Export.objects.all()) == [new]
        assert (default_storage.exists(new.file), default_storage.exists(old.file)) == (True, False)


def test_the_files_of_a_deleted_project_too(client, acme, exported, alice, bob, project):
    exported(bob, project)
    assert client.as_(alice).json("DELETE", f"/api/v1/projects/{project.pk}/").status_code == 204
    assert client.as_(bob).get(URL).json()["results"] == client.as_(alice).get(URL).json()["results"] == []
    with tenant_context(acme):
        export = Export.objects.get()
        remove_old(day="2026-11-21")
        assert not Export.objects.exists()
        assert not default_storage.exists(export.file)


def test_the_row_stays_while_its_file_cannot_be_deleted(acme, exported, bob, project, monkeypatch):
    exported(bob, project)
    with tenant_context(acme):
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        gone = TenantStorage(**{**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"})
        with monkeypatch.context() as patch:
            patch.setattr(default_storage, "_wrapped", gone)
            with pytest.raises(StorageUnavailable):
                remove_old(day="2026-11-21")
        assert Export.objects.count() == 1


def test_one_that_nobody_writes_any_more_fails(acme, client, ask, bob, project):
    for _ in range(3):
        ask(bob, project)
    with tenant_context(acme):
        Export.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
        remove_old(day="2026-11-21")
        assert set(Export.objects.values_list("state", "failure")) == {("failed", "abandoned")}
    assert ask(bob, project).status_code == 201


def test_read_notifications_go_after_ninety_days(acme, client, assign, inbox, alice, bob, charlie, task):
    assign(alice, task, bob, charlie)
    client.as_(bob).json("POST", "/api/v1/notifications/read/")
    with tenant_context(acme):
        told = Notification.objects
        told.filter(read_at__isnull=False).update(read_at=timezone.now() - timedelta(days=91))
        told.update(created_at=timezone.now() - timedelta(days=200))
        remove_old(day="2026-11-21")
    assert (inbox(bob), len(inbox(charlie))) == ([], 1)

"""Objects are removed after their rows and never before; the cleanup removes what is left."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.actions.attachment_cleanup import sweep_files
from accounts.actions.attachment_inspection import remove_files
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.places import atomic
from tenancy.storage import TenantStorage, storage
from tenancy.testing import membership_of
from tests.accounts.files.clients import API, NOTES, TEXT, keys_of, put
from tests.sample.models import NoteFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(acme, alice):
    return membership_of(alice, acme)


@pytest.fixture
def make_old(acme):
    """Make all objects in S3 a day older for the sweep, which compares the times of S3."""

    def make_old(monkeypatch, days=2):
        found = TenantStorage.walk

        def walk(self, folder=""):
            for each in found(self, folder):
                yield type(each)(each.name, each.since - timedelta(days=days))

        monkeypatch.setattr(TenantStorage, "walk", walk)

    return make_old


def sweep(account, run_jobs):
    with tenant_context(account):
        sweep_files()
    run_jobs()


def put_object(account, name):
    with tenant_context(account):
        upload = storage.begin(name)
        upload.write(TEXT)
        upload.finish()


# Cascades ----------------------------------------------------------------------------------------------------------


def test_object_is_removed_after_the_subject_was_deleted(bobs, acme, note, run_jobs):
    pk = NOTES.attach(bobs, note)
    run_jobs()
    with tenant_context(acme):
        note.delete()
        assert not NoteFile.objects.exists()
    assert keys_of(acme) == {pk}  # until the job has run
    run_jobs()
    assert keys_of(acme) == set()


def test_object_is_kept_if_the_deletion_of_the_subject_is_rolled_back(bobs, acme, note, run_jobs):
    pk = NOTES.attach(bobs, note)
    run_jobs()
    with tenant_context(acme), suppress(ZeroDivisionError), atomic():
        note.delete()
        raise ZeroDivisionError
    run_jobs()
    assert keys_of(acme) == {pk}


def test_objects_of_many_attachments_are_removed_in_several_jobs(acme, note, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        NoteFile.objects.bulk_create(
            NoteFile(note=note, name="x", content_type="text/plain", size=1, uploaded_by=member) for _ in range(450)
        )
        note.delete()
    sizes = [len(job.kwargs["ids"]) for job in OutboxJob.objects.filter(name="accounts.remove_files")]
    assert (sum(sizes), max(sizes)) == (450, 200)


def test_object_with_a_row_is_not_removed(bobs, acme, note, run_jobs):
    pk = NOTES.attach(bobs, note)
    run_jobs()
    with tenant_context(acme):
        remove_files(ids=[UUID(pk)])
    assert keys_of(acme) == {pk}


def test_deletion_during_the_check_leaves_no_object(bobs, acme, note, run_jobs):
    """The removal job runs before the inspection job copies the object."""
    created = NOTES.announce(bobs, note).json()
    put(created["upload"], TEXT)
    bobs.json("POST", f"{API}{created['id']}/complete/")
    bobs.delete(f"{API}{created['id']}/")
    check, remove = OutboxJob.objects.order_by("pk").filter(name__startswith="accounts.")
    assert (check.name, remove.name) == ("accounts.inspect_attachment", "accounts.remove_files")
    OutboxJob.objects.filter(pk=check.pk).delete()
    run_jobs()
    put(created["upload"], TEXT)
    OutboxJob.objects.bulk_create([check])
    run_jobs()
    assert keys_of(acme) == set()


# Sweeping ----------------------------------------------------------------------------------------------------------


def test_sweep_keeps_objects_in_use(bobs, acme, note, run_jobs, monkeypatch, make_old):
    ready = NOTES.attach(bobs, note)
    run_jobs()
    waiting = NOTES.attach(bobs, note)  # complete, and not checked yet
    sent = NOTES.announce(bobs, note).json()
    put(sent["upload"], TEXT)
    jobs = list(OutboxJob.objects.all())
    sweep_names = {ready, f"incoming/{waiting}", f"incoming/{sent['id']}"}
    assert keys_of(acme) == sweep_names
    with tenant_context(acme):
        sweep_files()
    assert keys_of(acme) == sweep_names
    assert list(OutboxJob.objects.all()) == jobs


def test_sweep_deletes_attachments_pending_for_a_day(bobs, acme, note, run_jobs):
    created = NOTES.announce(bobs, note).json()
    put(created["upload"], TEXT)
    with tenant_context(acme):
        NoteFile.objects.update(created_at=timezone.now() - timedelta(hours=25))
    sweep(acme, run_jobs)
    assert bobs.get(f"{API}{created['id']}/").status_code == 404
    assert keys_of(acme) == set()


def test_sweep_requests_the_check_of_unchecked_files(bobs, acme, note, run_jobs, monkeypatch, make_old):
    pk = NOTES.attach(bobs, note)
    OutboxJob.objects.all().delete()  # it has failed too often, or the worker was away
    with tenant_context(acme):
        long_ago = timezone.now() - timedelta(days=2)
        NoteFile.objects.update(created_at=long_ago, received_at=long_ago)
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert bobs.get(f"{API}{pk}/").json()["state"] == "ready"
    assert keys_of(acme) == {pk}


def test_sweep_removes_old_objects_without_a_row(bobs, acme, note, run_jobs, monkeypatch, make_old):
    pk = NOTES.attach(bobs, note)
    run_jobs()
    orphan = str(uuid4())
    for name in (orphan, f"incoming/{pk}", f"incoming/{uuid4()}", f"previews/{orphan}", "exports/keep", "other"):
        put_object(acme, name)
    sweep(acme, run_jobs)
    assert len(keys_of(acme)) == 7  # new objects: a request may be about to use them
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert keys_of(acme) == {pk, "exports/keep", "other"}


def test_sweep_ignores_objects_of_other_accounts(acme, globex, run_jobs, monkeypatch, make_old):
    orphan = str(uuid4())
    put_object(globex, orphan)
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert keys_of(globex) == {orphan}
    sweep(globex, run_jobs)
    assert keys_of(globex) == set()


def test_unfinished_multipart_uploads_are_aborted(acme, globex):
    def unfinished(account):
        with tenant_context(account):
            client = storage.connection.meta.client
            prefix = f"tenants/{account.pk}/"
            return client.list_multipart_uploads(Bucket=storage.bucket_name, Prefix=prefix).get("Uploads", [])

    for account in (acme, globex):
        with tenant_context(account):
            upload = storage.begin(str(uuid4()))
            upload.write(b"x" * upload.PART)
    later = timezone.now() + timedelta(seconds=5)
    with tenant_context(acme):
        assert storage.abort_uploads(before=timezone.now() - timedelta(days=1)) == 0
        assert storage.abort_uploads(before=later) == 1
    assert (len(unfinished(acme)), len(unfinished(globex))) == (0, 1)

"""Objects go after their rows, whichever way those go, and never before; what was left behind is swept away."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.actions.attachment_cleanup import sweep_files
from accounts.actions.attachment_inspection import remove_files
from projects.actions import delete_project
from tasks.actions import create_comment, delete_comment, delete_task
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.storage import TenantStorage, storage
from tenancy.testing import membership_of
from tests.tasks.files import API, TEXT, announce, attach, keys_of, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def bobs(client, bob):
    return client.as_(bob)


@pytest.fixture
def owner(acme, alice):
    return membership_of(alice, acme)


@pytest.fixture
def make_old(acme):
    """Make everything that there is in S3 look a day older to the sweeper, which compares with what S3 says."""

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


@pytest.mark.parametrize("what", ["comment", "task", "project"])
def test_a_file_goes_with_what_it_belongs_to(bobs, acme, bob, owner, task, run_jobs, what):
    with tenant_context(acme):
        comment = create_comment(actor=membership_of(bob, acme), task=task, body="See the file.")
    pk = attach(bobs, task, comment=str(comment.pk))
    run_jobs()
    assert keys_of(acme) == {pk}
    with tenant_context(acme):
        if what == "comment":
            delete_comment(comment=comment, actor=owner)
        elif what == "task":
            delete_task(task=task, actor=owner)
        else:
            delete_project(project=task.project, actor=owner)
        assert not Attachment.objects.exists()
    assert keys_of(acme) == {pk}  # until the job has run
    run_jobs()
    assert keys_of(acme) == set()


def test_of_a_deletion_that_is_taken_back_the_files_stay(bobs, acme, owner, task, run_jobs):
    pk = attach(bobs, task)
    run_jobs()
    with tenant_context(acme), transaction.atomic():
        delete_task(task=task, actor=owner)
        transaction.set_rollback(True)
    run_jobs()
    assert keys_of(acme) == {pk}


def test_a_project_with_many_files_is_several_jobs(bobs, acme, owner, task, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        Attachment.objects.bulk_create(
            Attachment(task=task, name="x", content_type="text/plain", size=1, uploaded_by=member) for _ in range(450)
        )
        delete_project(project=task.project, actor=owner)
    sizes = [len(job.kwargs["ids"]) for job in OutboxJob.objects.filter(name="accounts.remove_files")]
    assert (sum(sizes), max(sizes)) == (450, 200)


def test_no_object_goes_while_its_row_is_there(bobs, acme, task, run_jobs):
    pk = attach(bobs, task)
    run_jobs()
    with tenant_context(acme):
        remove_files(ids=[UUID(pk)])
    assert keys_of(acme) == {pk}


def test_a_file_that_is_deleted_while_it_is_checked_leaves_nothing(bobs, acme, task, run_jobs):
    """The job that removes runs first, and only then the one that checks copies the object."""
    created = announce(bobs, task).json()
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


def test_what_is_in_use_is_not_swept(bobs, acme, task, run_jobs, monkeypatch, make_old):
    ready = attach(bobs, task)
    run_jobs()
    waiting = attach(bobs, task)  # complete, and not checked yet
    sent = announce(bobs, task).json()
    put(sent["upload"], TEXT)
    jobs = list(OutboxJob.objects.all())
    sweep_names = {ready, f"incoming/{waiting}", f"incoming/{sent['id']}"}
    assert keys_of(acme) == sweep_names
    with tenant_context(acme):
        sweep_files()
    assert keys_of(acme) == sweep_names
    assert list(OutboxJob.objects.all()) == jobs


def test_what_has_been_pending_for_a_day_is_deleted(bobs, acme, task, run_jobs):
    created = announce(bobs, task).json()
    put(created["upload"], TEXT)
    with tenant_context(acme):
        Attachment.objects.update(created_at=timezone.now() - timedelta(hours=25))
    sweep(acme, run_jobs)
    assert bobs.get(f"{API}{created['id']}/").status_code == 404
    assert keys_of(acme) == set()


def test_a_file_that_nobody_has_checked_for_days_is_kept_and_checked(
    bobs, acme, task, run_jobs, monkeypatch, make_old
):
    pk = attach(bobs, task)
    OutboxJob.objects.all().delete()  # it has failed too often, or the worker was away
    with tenant_context(acme):
        long_ago = timezone.now() - timedelta(days=2)
        Attachment.objects.update(created_at=long_ago, received_at=long_ago)
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert bobs.get(f"{API}{pk}/").json()["state"] == "ready"
    assert keys_of(acme) == {pk}


def test_old_objects_without_a_row_are_removed(bobs, acme, task, run_jobs, monkeypatch, make_old):
    pk = attach(bobs, task)
    run_jobs()
    orphan = str(uuid4())
    for name in (orphan, f"incoming/{pk}", f"incoming/{uuid4()}", f"previews/{orphan}", "exports/keep", "other"):
        put_object(acme, name)
    sweep(acme, run_jobs)
    assert len(keys_of(acme)) == 7  # they are new: somebody may be about to need them
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert keys_of(acme) == {pk, "exports/keep", "other"}


def test_the_objects_of_others_are_not_looked_at(acme, globex, run_jobs, monkeypatch, make_old):
    orphan = str(uuid4())
    put_object(globex, orphan)
    make_old(monkeypatch)
    sweep(acme, run_jobs)
    assert keys_of(globex) == {orphan}
    sweep(globex, run_jobs)
    assert keys_of(globex) == set()


def test_uploads_that_were_never_finished_are_taken_back(acme, globex):
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

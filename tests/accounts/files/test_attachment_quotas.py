"""Quotas of files: 402 beyond the storage of the plan, 413 for a file that is too large, exact under concurrency."""

from dataclasses import replace

import pytest
from django.utils import timezone

from accounts import plans
from accounts.actions.attachment_cleanup import sweep_files
from accounts.actions.attachments import NewFile, create_attachment
from accounts.actions.uploads import Arrival
from accounts.exceptions import QuotaExceeded
from accounts.models import Account
from accounts.models.attachments import UploadURL, occupied_bytes
from accounts.plans import Plan
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.files.clients import API, NOTES, keys_of, put
from tests.sample.models import NoteFile

pytestmark = pytest.mark.django_db

STORAGE, FILE = 1000, 600


@pytest.fixture
def free(acme, monkeypatch):
    """Acme, on a plan with room for a thousand bytes, of which a file may have six hundred."""
    monkeypatch.setitem(plans.LIMITS, Plan.FREE, replace(plans.LIMITS[Plan.FREE], storage=STORAGE, file=FILE))
    Account.objects.filter(pk=acme.pk).update(plan=Plan.FREE)
    acme.plan = Plan.FREE
    return acme


@pytest.fixture
def bobs(client, free, bob):
    return client.with_token(bob)


def upload(session, note, size):
    return NOTES.upload(session, note, b"x" * size)


def test_quota_is_exact_to_the_byte(bobs, note):
    assert NOTES.announce(bobs, note, size=600).status_code == 201
    assert NOTES.announce(bobs, note, size=401).json()["code"] == "quota_exceeded"
    assert NOTES.announce(bobs, note, size=400).status_code == 201
    response = NOTES.announce(bobs, note, size=1)
    assert (response.status_code, response.json()["code"]) == (402, "quota_exceeded")
    assert "Free" in response.json()["detail"]


def test_announced_size_is_reserved_until_deletion(bobs, free, note, run_jobs):
    pk = NOTES.announce(bobs, note, size=600).json()["id"]
    assert NOTES.announce(bobs, note, size=600).status_code == 402
    assert bobs.delete(f"{API}{pk}/").status_code == 204
    url_expires(free)
    assert NOTES.announce(bobs, note, size=600).status_code == 201


def test_rejected_file_uses_no_storage(bobs, free, note, run_jobs):
    NOTES.attach(bobs, note, b"x" * 600, content_type="image/png")
    run_jobs()
    assert keys_of(free) == set()
    url_expires(free)
    assert NOTES.announce(bobs, note, size=600).status_code == 201


def url_expires(account):
    """Set the clock to a time after the expiry of presigned URLs."""
    with tenant_context(account):
        UploadURL.objects.update(expires_at=timezone.now())


def delete(bobs, note, pk, run_jobs):
    assert bobs.delete(f"{API}{pk}/").status_code == 204
    run_jobs()


def reject(bobs, note, pk, run_jobs):
    """Complete a file with the content of another type."""
    assert bobs.json("POST", f"{API}{pk}/complete/").status_code == 202
    run_jobs()


@pytest.mark.parametrize("end", [delete, reject])
def test_bytes_count_until_their_presigned_url_expires(bobs, free, note, run_jobs, end):
    """A presigned URL stays valid after its attachment was deleted or rejected."""
    created = NOTES.announce(bobs, note, size=600, content_type="image/png").json()
    assert put(created["upload"], b"x" * 600).status_code == 200
    end(bobs, note, created["id"], run_jobs)
    assert put(created["upload"], b"x" * 600).status_code == 200
    assert keys_of(free) == {f"incoming/{created['id']}"}
    assert NOTES.announce(bobs, note, size=401).status_code == 402
    assert upload(bobs, note, 401).status_code == 402
    with tenant_context(free):
        assert occupied_bytes() == 600
    url_expires(free)
    assert (
        NOTES.announce(bobs, note, size=600).status_code == 201
    )  # which also deletes expired reservations of other uploads
    run_jobs()
    assert keys_of(free) == set()
    with tenant_context(free):
        assert UploadURL.objects.count() == 1


def test_pending_upload_is_kept_when_its_url_expires(bobs, free, note, run_jobs):
    created = NOTES.announce(bobs, note, size=600).json()
    put(created["upload"], b"x" * 600)
    url_expires(free)
    with tenant_context(free):
        sweep_files()
    run_jobs()
    assert keys_of(free) == {f"incoming/{created['id']}"}
    assert bobs.json("POST", f"{API}{created['id']}/complete/").status_code == 202


def test_upload_through_the_application_reserves_no_url(bobs, free, note, run_jobs):
    pk = upload(bobs, note, 600).json()["id"]
    delete(bobs, note, pk, run_jobs)
    assert upload(bobs, note, 600).status_code == 201


def test_file_larger_than_the_plan_allows_is_refused(bobs, free, note, run_jobs):
    for response in (NOTES.announce(bobs, note, size=601), upload(bobs, note, 601)):
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert "600" in response.json()["detail"]
    run_jobs()
    with tenant_context(free):
        assert not NoteFile.objects.exists()
    assert keys_of(free) == set()


def test_upload_through_the_application_counts_its_size(bobs, free, note, run_jobs):
    """The length of the body, which is larger, is reserved during the upload only."""
    assert upload(bobs, note, 500).status_code == 201
    with tenant_context(free):
        assert NoteFile.objects.get().size == 500
    assert NOTES.announce(bobs, note, size=500).status_code == 201
    assert NOTES.announce(bobs, note, size=1).status_code == 402


def test_upload_without_length_is_checked_at_its_end(free, bob, note, run_jobs):
    actor = membership_of(bob, free)
    with tenant_context(free):
        about = {"actor": actor, "model": NoteFile, "subject": {"note": note}}
        create_attachment(**about, file=NewFile("a", "text/plain", 600))
        arrival = Arrival.begin(**about, file=NewFile("b", "text/plain", 0))
        arrival.write(b"x" * 401)
        with pytest.raises(QuotaExceeded):
            arrival.finish()
        arrival.abandon()
        assert [each.name for each in NoteFile.objects.all()] == ["a"]
    run_jobs()
    assert keys_of(free) == set()


def test_files_of_other_accounts_do_not_count(client, bobs, mallory, note, foreign_note):
    assert NOTES.announce(client.with_token(mallory), foreign_note, size=600).status_code == 201
    assert NOTES.announce(bobs, note, size=600).status_code == 201


def test_self_hosted_plan_has_no_limit(client, acme, bob, note):
    assert NOTES.announce(client.with_token(bob), note, size=4 * 2**30).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_upload_gets_the_last_space(free, bob, note, at_once):
    actor = membership_of(bob, free)

    def announce_one():
        create_attachment(actor=actor, model=NoteFile, subject={"note": note}, file=NewFile("a", "text/plain", 600))

    errors = at_once(*[announce_one] * 4)
    assert [type(error) for error in errors] == [QuotaExceeded] * 3
    with tenant_context(free):
        assert NoteFile.objects.count() == 1

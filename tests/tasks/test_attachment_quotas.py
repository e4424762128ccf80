"""What a plan includes of files: 402 beyond its storage, 413 for a file that is too large, exact whatever happens."""

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
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.tasks.files import API, announce, attach, keys_of, put
from tests.tasks.test_uploads import field, file, form, send

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


def upload(session, task, size):
    return send(session, form(field("task", task.pk), file(content=b"x" * size)))


def test_the_last_byte_of_a_plan_and_one_more(bobs, task):
    assert announce(bobs, task, size=600).status_code == 201
    assert announce(bobs, task, size=401).json()["code"] == "quota_exceeded"
    assert announce(bobs, task, size=400).status_code == 201
    response = announce(bobs, task, size=1)
    assert (response.status_code, response.json()["code"]) == (402, "quota_exceeded")
    assert "Free" in response.json()["detail"]


def test_what_was_announced_is_kept_free_until_it_is_deleted(bobs, free, task, run_jobs):
    pk = announce(bobs, task, size=600).json()["id"]
    assert announce(bobs, task, size=600).status_code == 402
    assert bobs.delete(f"{API}{pk}/").status_code == 204
    url_expires(free)
    assert announce(bobs, task, size=600).status_code == 201


def test_a_rejected_file_takes_no_room(bobs, free, task, run_jobs):
    attach(bobs, task, b"x" * 600, content_type="image/png")
    run_jobs()
    assert keys_of(free) == set()
    url_expires(free)
    assert announce(bobs, task, size=600).status_code == 201


def url_expires(account):
    """Have the time pass that presigned URLs work for."""
    with tenant_context(account):
        UploadURL.objects.update(expires_at=timezone.now())


def delete(bobs, task, pk, run_jobs):
    assert bobs.delete(f"{API}{pk}/").status_code == 204
    run_jobs()


def reject(bobs, task, pk, run_jobs):
    """Complete a file that is none of its type."""
    assert bobs.json("POST", f"{API}{pk}/complete/").status_code == 202
    run_jobs()


@pytest.mark.parametrize("end", [delete, reject])
def test_bytes_count_as_long_as_their_url_takes_them_and_go_when_it_does_not(bobs, free, task, run_jobs, end):
    """Announced, deleted or rejected, and sent again: the URL does not know what became of its attachment."""
    created = announce(bobs, task, size=600, content_type="image/png").json()
    assert put(created["upload"], b"x" * 600).status_code == 200
    end(bobs, task, created["id"], run_jobs)
    assert put(created["upload"], b"x" * 600).status_code == 200
    assert keys_of(free) == {f"incoming/{created['id']}"}
    assert announce(bobs, task, size=401).status_code == 402
    assert upload(bobs, task, 401).status_code == 402
    with tenant_context(free):
        assert occupied_bytes() == 600
    url_expires(free)
    assert announce(bobs, task, size=600).status_code == 201  # which also looks for what the others have left
    run_jobs()
    assert keys_of(free) == set()
    with tenant_context(free):
        assert UploadURL.objects.count() == 1


def test_what_is_waited_for_is_not_removed_when_its_url_expires(bobs, free, task, run_jobs):
    created = announce(bobs, task, size=600).json()
    put(created["upload"], b"x" * 600)
    url_expires(free)
    with tenant_context(free):
        sweep_files()
    run_jobs()
    assert keys_of(free) == {f"incoming/{created['id']}"}
    assert bobs.json("POST", f"{API}{created['id']}/complete/").status_code == 202


def test_a_file_that_comes_through_the_application_has_no_url(bobs, free, task, run_jobs):
    pk = upload(bobs, task, 600).json()["id"]
    delete(bobs, task, pk, run_jobs)
    assert upload(bobs, task, 600).status_code == 201


def test_a_file_that_is_too_large_is_not_taken(bobs, free, task, run_jobs):
    for response in (announce(bobs, task, size=601), upload(bobs, task, 601)):
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert "600" in response.json()["detail"]
    run_jobs()
    with tenant_context(free):
        assert not Attachment.objects.exists()
    assert keys_of(free) == set()


def test_through_the_application_it_counts_what_arrived(bobs, free, task, run_jobs):
    """The body's length, which is more, is only kept free while it arrives."""
    assert upload(bobs, task, 500).status_code == 201
    with tenant_context(free):
        assert Attachment.objects.get().size == 500
    assert announce(bobs, task, size=500).status_code == 201
    assert announce(bobs, task, size=1).status_code == 402


def test_without_a_length_it_is_counted_at_the_end(free, bob, task, run_jobs):
    actor = membership_of(bob, free)
    with tenant_context(free):
        about = {"actor": actor, "model": Attachment, "subject": {"task": task}}
        create_attachment(**about, file=NewFile("a", "text/plain", 600))
        arrival = Arrival.begin(**about, file=NewFile("b", "text/plain", 0))
        arrival.write(b"x" * 401)
        with pytest.raises(QuotaExceeded):
            arrival.finish()
        arrival.abandon()
        assert [each.name for each in Attachment.objects.all()] == ["a"]
    run_jobs()
    assert keys_of(free) == set()


def test_those_of_other_accounts_do_not_count(client, bobs, mallory, task, foreign_task):
    assert announce(client.with_token(mallory), foreign_task, size=600).status_code == 201
    assert announce(bobs, task, size=600).status_code == 201


def test_whoever_runs_it_for_themselves_has_no_limit(client, acme, bob, task):
    assert announce(client.with_token(bob), task, size=4 * 2**30).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_those_who_take_the_last_room_at_once_one_succeeds(free, bob, task, at_once):
    actor = membership_of(bob, free)

    def announce_one():
        create_attachment(actor=actor, model=Attachment, subject={"task": task}, file=NewFile("a", "text/plain", 600))

    errors = at_once(*[announce_one] * 4)
    assert [type(error) for error in errors] == [QuotaExceeded] * 3
    with tenant_context(free):
        assert Attachment.objects.count() == 1

"""Files of tasks and comments: what tasks add to the files of accounts, see tests/accounts/files."""

from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from accounts.actions import attachment_cleanup
from accounts.models import MediaAccess
from accounts.models.attachments import occupied_bytes
from projects.actions.projects import delete_project
from projects.models import Activity
from tasks.actions.comments import create_comment, delete_comment
from tasks.actions.tasks import create_task, delete_task
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.places import atomic
from tenancy.storage import storage
from tenancy.testing import membership_of
from tests.accounts.files.clients import TEXT, field, file, form, keys_of, put
from tests.sample.models import Note, NoteFile
from tests.tasks.files import API, FILES

pytestmark = pytest.mark.django_db

FIELDS = {"id", "task", "comment", "name", "content_type", "size", "state", "uploaded_by", "created_at"}


@pytest.fixture
def bobs(client, bob):
    return client.as_(bob)


@pytest.fixture
def owner(acme, alice):
    return membership_of(alice, acme)


def activities(account):
    with tenant_context(account):
        return list(Activity.objects.order_by("seq").values_list("verb", flat=True))


def test_file_of_a_task_is_uploaded_checked_and_downloaded(bobs, acme, task, run_jobs):
    created = FILES.announce(bobs, task).json()
    assert set(created) == FIELDS | {"upload"}
    assert put(created["upload"], TEXT).status_code == 200
    assert FILES.complete(bobs, created["id"]).status_code == 202
    run_jobs()
    detail = bobs.get(f"{API}{created['id']}/").json()
    assert set(detail) == FIELDS
    assert (detail["task"], detail["comment"], detail["state"]) == (str(task.pk), None, "ready")
    assert FILES.fetch(bobs, created["id"]).content == TEXT
    assert [row["id"] for row in bobs.get(f"{API}?task={task.key}&state=ready").json()["results"]] == [created["id"]]
    assert keys_of(acme) == {created["id"]}


def test_ready_and_deleted_files_are_events_of_the_project(bobs, acme, task, run_jobs):
    before = len(activities(acme))
    pk = FILES.attach(bobs, task)
    assert len(activities(acme)) == before
    run_jobs()
    assert activities(acme)[before:] == ["attachment.created"]
    bobs.delete(f"{API}{pk}/")
    assert activities(acme)[before:] == ["attachment.created", "attachment.deleted"]


# Comments ----------------------------------------------------------------------------------------------------------


def test_members_attach_files_only_to_their_own_comments(bobs, acme, alice, bob, task, secret_task):
    with tenant_context(acme):
        mine = create_comment(actor=membership_of(bob, acme), task=task, body="See the file.")
        hers = create_comment(actor=membership_of(alice, acme), task=task, body="Which one?")
        hidden = create_comment(actor=membership_of(alice, acme), task=secret_task, body="Psst.")
    assert FILES.announce(bobs, task, comment=str(mine.pk)).json()["comment"] == str(mine.pk)
    assert FILES.announce(bobs, task, comment=str(hers.pk)).status_code == 403
    for pk in (hidden.pk, uuid4()):
        response = FILES.announce(bobs, task, comment=str(pk))
        assert (response.status_code, set(response.json()["errors"])) == (400, {"comment"})
    listed = bobs.get(f"{API}?comment={mine.pk}").json()["results"]
    assert [row["comment"] for row in listed] == [str(mine.pk)]


def test_comment_of_another_task_is_refused(bobs, acme, bob, project, task):
    with tenant_context(acme):
        other = create_task(actor=membership_of(bob, acme), project=project, title="Another")
        comment = create_comment(actor=membership_of(bob, acme), task=other, body="There.")
    response = FILES.announce(bobs, task, comment=str(comment.pk))
    assert (response.status_code, set(response.json()["errors"])) == (400, {"comment"})


def test_upload_to_own_comment(client, bob, acme, task):
    with tenant_context(acme):
        comment = create_comment(actor=membership_of(bob, acme), task=task, body="See the file.")
    body = form(field("task", task.pk), field("comment", comment.pk), file())
    assert FILES.send(client.with_token(bob), body).json()["comment"] == str(comment.pk)


# Cascades ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["comment", "task", "project"])
def test_object_is_removed_with_comment_task_or_project(bobs, acme, bob, owner, task, run_jobs, what):
    with tenant_context(acme):
        comment = create_comment(actor=membership_of(bob, acme), task=task, body="See the file.")
    pk = FILES.attach(bobs, task, comment=str(comment.pk))
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


def test_object_is_kept_if_the_deletion_of_the_task_is_rolled_back(bobs, acme, owner, task, run_jobs):
    pk = FILES.attach(bobs, task)
    run_jobs()
    with tenant_context(acme), suppress(ZeroDivisionError), atomic():
        delete_task(task=task, actor=owner)
        raise ZeroDivisionError
    run_jobs()
    assert keys_of(acme) == {pk}


def test_deletion_of_project_with_many_files_creates_several_jobs(bobs, acme, owner, task, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        Attachment.objects.bulk_create(
            Attachment(task=task, name="x", content_type="text/plain", size=1, uploaded_by=member) for _ in range(450)
        )
        delete_project(project=task.project, actor=owner)
    sizes = [len(job.kwargs["ids"]) for job in OutboxJob.objects.filter(name="accounts.remove_files")]
    assert (sum(sizes), max(sizes)) == (450, 200)


# Hidden projects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", MediaAccess)
def test_file_of_hidden_project_answers_like_absent_file(client, acme, alice, bob, secret_task, run_jobs, access):
    type(acme).objects.filter(pk=acme.pk).update(media_access=access)
    pk = FILES.attach(client.as_(alice), secret_task)
    run_jobs()
    bobs, missing = client.as_(bob), str(uuid4())
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "download/"),
        ("HEAD", "download/"),
        ("GET", "preview/"),
        ("POST", "complete/"),
    ):
        hidden, absent = (bobs.json(method, f"{API}{each}/{path}") for each in (pk, missing))
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content), (method, path)
        assert hidden.status_code == 404
    assert bobs.get(API).json()["results"] == []
    assert bobs.get(f"{API}?task={secret_task.pk}").json()["results"] == []
    absent = type(secret_task)(pk=uuid4())
    assert FILES.announce(bobs, secret_task).json()["errors"] == FILES.announce(bobs, absent).json()["errors"]
    assert client.as_(alice).get(f"{API}{pk}/").status_code == 200


# Several models of attachments -------------------------------------------------------------------------------------


@pytest.fixture
def files(acme, bob, task):
    """A ready file of a task and one of a note, of 5 and 7 bytes, with their objects."""
    with tenant_context(acme):
        note = Note.objects.create(text="Minutes")
        about = {"content_type": "text/plain", "state": "ready", "uploaded_by": membership_of(bob, acme)}
        rows = [
            Attachment.objects.create(task=task, name="a.txt", size=5, **about),
            NoteFile.objects.create(note=note, name="b.txt", size=7, **about),
        ]
        for row in rows:
            storage.save(row.file, ContentFile(b"x" * row.size))
    return rows


def test_used_storage_is_the_sum_over_all_models(acme, files):
    with tenant_context(acme):
        assert occupied_bytes() == 12


def test_sweep_keeps_the_objects_of_all_models(acme, files, monkeypatch):
    monkeypatch.setattr(attachment_cleanup, "ABANDONED", timedelta(minutes=-1))  # all objects are old enough
    with tenant_context(acme):
        storage.save(str(uuid4()), ContentFile(b"x"))
        attachment_cleanup.sweep_files()
    assert keys_of(acme) == {str(row.pk) for row in files}

"""Uploads through the application, as a multipart form."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenancy.context import tenant_context
from tests.accounts.files.clients import API, BOUNDARY, NOTES, TEXT, field, file, form, keys_of
from tests.sample.models import NoteFile

pytestmark = pytest.mark.django_db

UPLOAD = f"{API}upload/"


@pytest.fixture
def bobs(client, bob):
    return client.with_token(bob)


def attachments_of(account):
    with tenant_context(account):
        return NoteFile.objects.count()


@pytest.mark.parametrize("content", [TEXT, b"", b"\r\n--" + BOUNDARY.encode()[:-1], b"x" * (13 * 2**20 + 1)])
def test_file_is_uploaded_and_downloaded(bobs, acme, note, run_jobs, content):
    response = NOTES.upload(bobs, note, content)
    assert response.status_code == 201, response.content
    row = response.json()
    assert (row["state"], row["size"], row["name"]) == ("pending", len(content), "minutes.txt")
    assert "upload" not in row
    run_jobs()
    assert bobs.get(f"{API}{row['id']}/").json()["state"] == "ready"
    assert NOTES.fetch(bobs, row["id"]).content == content
    assert keys_of(acme) == {row["id"]}


def test_form_of_django_client_is_accepted(client, acme, bob, note):
    """With a session cookie the CSRF token is in the header, because the body is read later."""
    session = client.as_(bob)
    response = session.post(UPLOAD, {"note": str(note.pk), "file": SimpleUploadedFile("a.txt", TEXT)})
    assert response.status_code == 201, response.content


def test_cookie_upload_needs_csrf_token(acme, bob, note):
    from tenancy.testing import TenantClient

    session = TenantClient(acme)
    session.handler.enforce_csrf_checks = True
    session.log_in(bob)
    refused = NOTES.upload(session, note)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert attachments_of(acme) == 0
    assert keys_of(acme) == set()


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([], "file"),
        (["note"], "file"),
        (["file"], "note"),
        (["file", "note"], "note"),
        (["note", "file", "file"], "file"),
        (["note", "other"], "other"),
        (["note", "unknown", "file"], "unknown"),
        (["absent", "file"], "note"),
    ],
)
def test_invalid_form_is_refused_and_leaves_nothing(bobs, acme, note, parts, wrong, run_jobs):
    known = {
        "note": field("note", note.pk),
        "file": file(),
        "other": file(called="other"),
        "unknown": field("unknown", 1),
        "absent": field("note", "01a1fddf-4c85-71ee-9b55-af039e6044b3"),
    }
    response = NOTES.send(bobs, form(*(known[part] for part in parts)))
    assert (response.status_code, set(response.json()["errors"])) == (400, {wrong})
    run_jobs()
    assert (attachments_of(acme), keys_of(acme)) == (0, set())


@pytest.mark.parametrize("cut", [10, 30, 60, 100, 150, 250, 300])
def test_truncated_body_leaves_nothing(bobs, acme, note, cut, run_jobs):
    body = form(field("note", note.pk), file())
    response = NOTES.send(bobs, body[:-cut])
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    run_jobs()
    assert (attachments_of(acme), keys_of(acme)) == (0, set())


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=" + "x" * 300, 400),
        ("multipart/form-data; boundary=\xe9", 400),
    ],
)
def test_unsupported_content_types_are_refused(bobs, note, kind, status):
    body = form(field("note", note.pk), file())
    assert bobs.generic("POST", UPLOAD, body, content_type=kind).status_code == status


def test_viewer_and_non_members_cannot_upload(client, vera, mallory, bob, acme, note, secret_note):
    assert NOTES.upload(client.with_token(vera), note).status_code == 403
    for session, hidden in ((client.with_token(bob), secret_note), (client.with_token(mallory), note)):
        response = NOTES.upload(session, hidden)
        assert (response.status_code, set(response.json()["errors"])) == (400, {"note"})
    assert keys_of(acme) == set()


def test_idempotency_key_stores_one_file(bobs, acme, note, run_jobs):
    body = form(field("note", note.pk), file())
    answers = [NOTES.send(bobs, body, **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = NOTES.send(bobs, form(field("note", note.pk), file(content=b"x")), **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    run_jobs()
    assert (attachments_of(acme), keys_of(acme)) == (1, {answers[0].json()["id"]})

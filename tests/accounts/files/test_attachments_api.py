"""Uploads to S3: announced, sent with a presigned URL, completed, checked by a job, and downloaded."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import override_settings

from tenancy.context import tenant_context
from tenancy.storage import storage
from tenancy.testing import membership_of
from tests.accounts.files.clients import API, NOTES, TEXT, keys_of, put
from tests.sample.models import NoteActivity, NoteFile

pytestmark = pytest.mark.django_db

FIELDS = {"id", "note", "name", "content_type", "size", "state", "uploaded_by", "created_at"}


@pytest.fixture
def ready(bobs, note, run_jobs):
    """A file of bob's, checked."""
    pk = NOTES.attach(bobs, note)
    run_jobs()
    return pk


def activities(account):
    with tenant_context(account):
        return list(NoteActivity.objects.order_by("seq").values_list("verb", flat=True))


def test_file_is_uploaded_and_downloaded(bobs, acme, bob, note, run_jobs):
    response = NOTES.announce(bobs, note)
    assert response.status_code == 201
    created = response.json()
    assert set(created) == FIELDS | {"upload"}
    assert created["state"] == "pending"
    assert created["uploaded_by"] == str(membership_of(bob, acme).pk)
    assert created["upload"]["method"] == "PUT"
    assert f"/tenants/{acme.pk}/incoming/{created['id']}" in created["upload"]["url"]
    assert put(created["upload"], TEXT).status_code == 200
    completed = NOTES.complete(bobs, created["id"])
    assert (completed.status_code, completed.json()["state"]) == (202, "pending")
    assert "accounts.inspect_attachment" in run_jobs()
    detail = bobs.get(f"{API}{created['id']}/")
    assert set(detail.json()) == FIELDS
    assert detail.json()["state"] == "ready"
    assert NOTES.fetch(bobs, created["id"]).content == TEXT
    assert keys_of(acme) == {created["id"]}


def test_ready_and_deleted_files_are_events_of_the_subject(bobs, acme, note, run_jobs):
    before = len(activities(acme))
    pk = NOTES.attach(bobs, note)
    assert len(activities(acme)) == before
    run_jobs()
    assert activities(acme)[before:] == ["attachment.created"]
    bobs.delete(f"{API}{pk}/")
    assert activities(acme)[before:] == ["attachment.created", "attachment.deleted"]


def test_download_of_pending_file_is_a_conflict(bobs, note, run_jobs):
    pk = NOTES.announce(bobs, note).json()["id"]
    for method in ("GET", "HEAD"):
        assert bobs.generic(method, f"{API}{pk}/download/").status_code == 409
    assert bobs.get(f"{API}{pk}/preview/").status_code == 404


def test_complete_without_an_upload_is_a_conflict(bobs, note):
    pk = NOTES.announce(bobs, note).json()["id"]
    response = NOTES.complete(bobs, pk)
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_second_complete_has_no_effect(bobs, acme, note, run_jobs):
    pk = NOTES.attach(bobs, note)
    assert NOTES.complete(bobs, pk).status_code == 202
    assert run_jobs().count("accounts.inspect_attachment") == 1
    assert NOTES.complete(bobs, pk).status_code == 409
    assert activities(acme).count("attachment.created") == 1


def test_repeated_upload_does_not_change_the_file(bobs, acme, note, run_jobs):
    created = NOTES.announce(bobs, note).json()
    put(created["upload"], TEXT)
    NOTES.complete(bobs, created["id"])
    run_jobs()
    other = TEXT.replace(b"three", b"seven")
    assert put(created["upload"], other).status_code == 200  # the URL still works …
    assert NOTES.fetch(bobs, created["id"]).content == TEXT  # … and leads somewhere else
    assert NOTES.complete(bobs, created["id"]).status_code == 409
    run_jobs()
    assert NOTES.fetch(bobs, created["id"]).content == TEXT


def test_file_sent_after_completion_is_checked(bobs, acme, note, run_jobs):
    created = NOTES.announce(bobs, note, content_type="application/octet-stream").json()
    put(created["upload"], TEXT)
    NOTES.complete(bobs, created["id"])
    put(created["upload"], b"MZ\x00" + TEXT[3:])
    run_jobs()
    assert bobs.get(f"{API}{created['id']}/").json()["state"] == "rejected"
    assert keys_of(acme) == set()


def test_file_of_another_size_is_rejected(bobs, acme, note, run_jobs):
    created = NOTES.announce(bobs, note, size=len(TEXT) + 1).json()
    with tenant_context(acme):  # S3 itself refuses it, so around the signature
        upload = storage.begin(f"incoming/{created['id']}")
        upload.write(TEXT)
        upload.finish()
    assert NOTES.complete(bobs, created["id"]).status_code == 202
    run_jobs()
    assert bobs.get(f"{API}{created['id']}/").json()["state"] == "rejected"
    assert keys_of(acme) == set()
    assert bobs.get(f"{API}{created['id']}/download/").status_code == 409


def test_empty_file_is_accepted(bobs, note, run_jobs):
    pk = NOTES.attach(bobs, note, b"")
    run_jobs()
    assert bobs.get(f"{API}{pk}/").json()["state"] == "ready"
    assert NOTES.fetch(bobs, pk).content == b""


@pytest.mark.parametrize(
    ("content", "claimed", "state", "kept"),
    [
        (TEXT, "text/markdown", "ready", "text/markdown"),
        (TEXT, "application/octet-stream", "ready", "text/plain"),
        (TEXT, "image/png", "rejected", "image/png"),
        (b"%PDF-1.7 ...", "application/pdf", "ready", "application/pdf"),
        (b"%PDF-1.7 ...", "image/jpeg", "rejected", "image/jpeg"),
        (b"\x7fELF\x02\x01\x00", "text/plain", "rejected", "text/plain"),
        (b"MZ\x90\x00\x03", "application/pdf", "rejected", "application/pdf"),
        (b"MZ is how this text begins", "text/plain", "ready", "text/plain"),
        (b"PK\x03\x04word/", "application/epub+zip", "ready", "application/epub+zip"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "image/svg+xml", "rejected", "image/svg+xml"),
        (b"<html><script>alert(1)</script>", "application/octet-stream", "ready", "text/html"),
        (b"<svg xmlns='x'/>", "application/octet-stream", "ready", "image/svg+xml"),
    ],
)
def test_type_is_derived_from_the_content(bobs, note, run_jobs, content, claimed, state, kept):
    pk = NOTES.attach(bobs, note, content, content_type=claimed)
    run_jobs()
    row = bobs.get(f"{API}{pk}/").json()
    assert (row["state"], row["content_type"]) == (state, kept)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"size": -1}, "size"),
        ({"size": 2**63}, "size"),
        ({"size": "x"}, "size"),
        ({"content_type": "png"}, "content_type"),
        ({"content_type": "text/html\r\nX: y"}, "content_type"),
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": 7}, "name"),
        ({"state": "ready", "key": "x"}, "key"),
    ],
)
def test_invalid_fields_are_refused(bobs, note, fields, wrong):
    response = NOTES.announce(bobs, note, **fields)
    assert (response.status_code, set(response.json()["errors"])) == (400, {wrong})


def test_read_only_fields_are_ignored(bobs, note, alice, acme, bob):
    ignored = {"state": "ready", "id": str(uuid4()), "uploaded_by": str(membership_of(alice, acme).pk)}
    row = NOTES.announce(bobs, note, **ignored).json()
    assert (row["state"], row["uploaded_by"]) == ("pending", str(membership_of(bob, acme).pk))


def test_parameters_of_a_media_type_are_dropped(bobs, note, run_jobs):
    created = NOTES.announce(bobs, note, content_type="Text/Plain; charset=utf-8").json()
    assert created["content_type"] == created["upload"]["headers"]["Content-Type"] == "text/plain"


# Permissions -------------------------------------------------------------------------------------------------------


def test_viewer_can_read_and_not_write(client, vera, bobs, note, ready):
    assert NOTES.announce(client.as_(vera), note).status_code == 403
    assert NOTES.complete(client.as_(vera), ready).status_code == 403
    assert client.as_(vera).delete(f"{API}{ready}/").status_code == 403
    assert NOTES.fetch(client.as_(vera), ready).content == TEXT


def test_members_delete_their_own_files_and_admins_any(client, bobs, admin, vera, alice, note, run_jobs, acme):
    hers = NOTES.attach(client.as_(alice), note)
    mine, other = NOTES.attach(bobs, note), NOTES.attach(bobs, note)
    run_jobs()
    assert bobs.delete(f"{API}{hers}/").status_code == 403
    assert bobs.delete(f"{API}{mine}/").status_code == 204
    assert client.as_(admin).delete(f"{API}{other}/").status_code == 204
    run_jobs()
    assert keys_of(acme) == {hers}


def test_only_the_uploader_can_complete(client, alice, bobs, note):
    created = NOTES.announce(bobs, note).json()
    put(created["upload"], TEXT)
    assert NOTES.complete(client.as_(alice), created["id"]).status_code == 403


def test_patch_is_not_allowed(bobs, ready):
    assert bobs.json("PATCH", f"{API}{ready}/", {"name": "x"}).status_code == 405


def test_idempotency_key_creates_one_attachment(bobs, acme, note):
    body = {"note": str(note.pk), "name": "a", "content_type": "text/plain", "size": 1}
    answers = [
        bobs.post(API, body, content_type="application/json", headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    with tenant_context(acme):
        assert NoteFile.objects.count() == 1


# Out ---------------------------------------------------------------------------------------------------------------


def test_download_is_an_attachment_and_its_link_expires_in_a_minute(bobs, ready):
    response = bobs.get(f"{API}{ready}/download/")
    assert response["Cache-Control"] == "private, no-store"
    assert "X-Amz-Expires=60" in response["Location"]
    saved = NOTES.fetch(bobs, ready)
    assert saved.headers["Content-Disposition"] == 'attachment; filename="minutes.txt"'
    assert saved.headers["Content-Type"] == "application/octet-stream"


def test_links_use_the_public_endpoint(bobs, note, ready):
    options = {**settings.STORAGES["default"]["OPTIONS"], "public_endpoint_url": "https://files.example.com"}
    storages = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    with override_settings(STORAGES=storages):
        out = bobs.get(f"{API}{ready}/download/")["Location"]
        into = NOTES.announce(bobs, note).json()["upload"]["url"]
    assert {urlsplit(url).netloc for url in (out, into)} == {"files.example.com"}


def test_download_has_the_name_of_the_upload(bobs, note, run_jobs):
    pk = NOTES.attach(bobs, note, name='Größe "π" 100%.txt')
    run_jobs()
    header = NOTES.fetch(bobs, pk).headers["Content-Disposition"]
    assert header == "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20%22%CF%80%22%20100%25.txt"
    assert re.fullmatch(r"[\x20-\x7e]+", header)

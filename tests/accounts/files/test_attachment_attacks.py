"""Attacks 45 to 47 on files: hostile names, modified presigned URLs, active content. Also permissions.

URLs that S3 signs are tried against the real server.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from accounts.models import MediaAccess
from tenancy.context import tenant_context
from tenancy.storage import storage
from tenancy.testing import canary, foreign_canaries, membership_of
from tests.accounts.files.clients import API, NOTES, TEXT, keys_of, put
from tests.sample.models import NoteFile

pytestmark = pytest.mark.django_db

REFUSED = {400, 403}


@pytest.fixture
def ready(bobs, note, run_jobs):
    pk = NOTES.attach(bobs, note)
    run_jobs()
    return pk


def set_access(account, access):
    type(account).objects.filter(pk=account.pk).update(media_access=access)


# 26: names ---------------------------------------------------------------------------------------------------------

NAMES = {
    "../../../etc/passwd": "passwd",
    "..\\..\\windows\\win.ini": "win.ini",
    "/": "file",
    "..": "file",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie: x=1.txt",
    "\u202egnp.exe": "gnp.exe",
    "x" * 10_000 + ".txt": "x" * 251 + ".txt",
    "é" * 10_000: "é" * 255,
    "日本語\U0001f600.txt": "日本語\U0001f600.txt",
    "  spaces   inside .txt": "spaces inside .txt",
    '<img src=x onerror="alert(1)">.png': '<img src=x onerror="alert(1)">.png',
    "tenants/00000000-0000-0000-0000-000000000000/x": "x",
}


@pytest.mark.parametrize("access", MediaAccess)
@pytest.mark.parametrize(("name", "kept"), NAMES.items(), ids=range(len(NAMES)))
def test_hostile_name_changes_no_key_and_no_header(bobs, acme, note, run_jobs, name, kept, access):
    set_access(acme, access)
    pk = NOTES.attach(bobs, note, name=name)
    run_jobs()
    assert bobs.get(f"{API}{pk}/").json()["name"] == kept
    assert keys_of(acme) == {pk}
    headers, content = given_out(bobs, pk)
    assert content == TEXT
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert "Set-Cookie" not in headers


def given_out(session, pk):
    """Return headers and content of a file, for each way to download it."""
    answer = session.get(f"{API}{pk}/download/")
    if answer.status_code == 200:
        return answer.headers, b"".join(answer.streaming_content)
    answer = httpx.get(answer["Location"], trust_env=False)
    return answer.headers, answer.content


@pytest.mark.parametrize("name", ["../../x.txt", "..\\x.txt", "a\0b.txt", "x" * 500, "\u202ex.txt"])
def test_hostile_name_in_a_form_is_cleaned(client, acme, bob, note, name):
    answer = NOTES.upload(client.with_token(bob), note, name=name)
    assert answer.status_code == 201, answer.json()
    assert keys_of(acme) == {answer.json()["id"]}
    assert len(answer.json()["name"]) <= 255
    assert not set(answer.json()["name"]) & set("/\\\0\u202e")


def test_unparsable_names_are_refused(client, acme, bob, bobs, note):
    assert NOTES.announce(bobs, note, name="a\0.txt").status_code == 400
    assert NOTES.announce(bobs, note, name="x" * 50_000).status_code == 400
    assert NOTES.upload(client.with_token(bob), note, name="x" * 10_000).status_code == 400
    assert keys_of(acme) == set()


# 27: presigned URLs ------------------------------------------------------------------------------------------------


def test_download_url_is_valid_for_one_object_and_method(bobs, acme, note, ready, run_jobs):
    other = NOTES.attach(bobs, note, b"another file")
    run_jobs()
    url = bobs.get(f"{API}{ready}/download/")["Location"]
    assert httpx.get(url, trust_env=False).content == TEXT
    assert httpx.get(url.replace(ready, other), trust_env=False).status_code in REFUSED
    for method in ("PUT", "DELETE", "POST", "HEAD"):
        assert httpx.request(method, url, trust_env=False).status_code in REFUSED, method
    for bent in (
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        url.replace("attachment", "inline"),
        url.replace("octet-stream", "html"),
        url.partition("?")[0],
    ):
        assert bent != url
        assert httpx.get(bent, trust_env=False).status_code in REFUSED
    assert NOTES.fetch(bobs, ready).content == TEXT


def test_upload_url_accepts_one_key_size_and_type(bobs, acme, note):
    created = NOTES.announce(bobs, note).json()
    into = created["upload"]
    for content, headers in (
        (TEXT + b"!", {"Content-Length": str(len(TEXT) + 1)}),
        (TEXT[:-1], {"Content-Length": str(len(TEXT) - 1)}),
        (TEXT, {"Content-Type": "text/html"}),
    ):
        assert put(into, content, **headers).status_code in REFUSED
    for bent in (
        into["url"].replace(created["id"], str(uuid4())),
        into["url"].replace("incoming/", ""),
        into["url"].replace("X-Amz-Expires=900", "X-Amz-Expires=9000"),
    ):
        assert bent != into["url"]
        assert put({**into, "url": bent}, TEXT).status_code in REFUSED
    for method in ("GET", "DELETE", "HEAD"):
        assert httpx.request(method, into["url"], trust_env=False).status_code in REFUSED
    assert keys_of(acme) == set()
    assert put(into, TEXT).status_code == 200


@pytest.mark.parametrize(("seconds", "is_served"), [(7200, True), (1800, False)])
def test_presigned_urls_expire(acme, ready, monkeypatch, seconds, is_served):
    """The URLs are signed with a time an hour ago, which S3 compares with its clock."""
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None)
    with tenant_context(acme), monkeypatch.context() as clock:
        clock.setattr("botocore.auth.get_current_datetime", lambda: an_hour_ago)
        out = storage.presign_download(ready, seconds=seconds, disposition="attachment")
        into = storage.presign_upload("incoming/x", seconds=seconds, content_type="text/plain", size=1)
    assert f"X-Amz-Expires={seconds}&" in out
    answers = [
        httpx.get(out, trust_env=False).status_code,
        httpx.put(into, content=b"x", headers={"Content-Type": "text/plain"}, trust_env=False).status_code,
    ]
    assert answers == [200, 200] if is_served else set(answers) <= REFUSED
    assert keys_of(acme) == ({ready, "incoming/x"} if is_served else {ready})


def test_url_of_one_account_opens_no_object_of_another(
    client, bobs, mallory, acme, globex, foreign_note, ready, run_jobs
):
    hers = client.as_(mallory)
    foreign = NOTES.attach(hers, foreign_note, b"theirs")
    run_jobs()
    url = bobs.get(f"{API}{ready}/download/")["Location"]
    for bent in (
        url.replace(f"{acme.pk}/{ready}", f"{globex.pk}/{foreign}"),
        url.replace(f"{acme.pk}/{ready}", f"{acme.pk}/../{globex.pk}/{foreign}"),
        url.replace(str(acme.pk), str(globex.pk)).replace(ready, foreign),
    ):
        answer = httpx.get(bent, trust_env=False)
        assert answer.status_code in REFUSED | {404}
        assert b"theirs" not in answer.content
    for path in ("", "download/", "preview/"):
        assert bobs.get(f"{API}{foreign}/{path}").status_code == 404
    assert NOTES.complete(bobs, foreign).status_code == 404
    with tenant_context(acme):
        with pytest.raises(FileNotFoundError):
            storage.read(foreign)


# 28: content that wants to run -------------------------------------------------------------------------------------

PIXEL = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
SCRIPT = b"<script>alert(document.domain)</script>"
HOSTILE = {
    "page": (b"<!DOCTYPE html>" + SCRIPT, "text/html"),
    "drawing": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
    "picture that is a page": (PIXEL + SCRIPT, "image/gif"),
    "document that is a page": (b"%PDF-1.4\n" + SCRIPT, "application/pdf"),
    "script": (b"alert(1)", "text/javascript"),
    "page of another type": (SCRIPT, "application/xhtml+xml"),
}


@pytest.mark.parametrize("access", MediaAccess)
@pytest.mark.parametrize(("content", "kind"), HOSTILE.values(), ids=HOSTILE)
def test_no_file_is_shown_inline(bobs, acme, note, run_jobs, access, content, kind):
    set_access(acme, access)
    pk = NOTES.attach(bobs, note, content, content_type=kind, name="x.html")
    run_jobs()
    answer = bobs.get(f"{API}{pk}/download/")
    if access == MediaAccess.PRESIGNED:  # from another origin, independent of the headers
        assert answer.status_code == 302
        answer = httpx.get(answer["Location"], trust_env=False)
        assert answer.content == content
    else:
        assert b"".join(answer.streaming_content) == content
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(("content", "kind"), HOSTILE.values(), ids=HOSTILE)
def test_preview_contains_no_script(bobs, note, run_jobs, content, kind):
    pk = NOTES.attach(bobs, note, content, content_type=kind)
    run_jobs()
    answer = bobs.get(f"{API}{pk}/preview/")
    if answer.status_code == 200:
        assert answer["Content-Type"] == "image/webp"
        assert b"script" not in answer.content
    else:
        assert answer.status_code == 404


# 29: a subject that the member may not see --------------------------------------------------------------------------


@pytest.mark.parametrize("access", MediaAccess)
def test_hidden_file_answers_like_absent_file(client, acme, alice, bobs, secret_note, run_jobs, access):
    set_access(acme, access)
    pk = NOTES.attach(client.as_(alice), secret_note)
    run_jobs()
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "download/"),
        ("HEAD", "download/"),
        ("GET", "preview/"),
        ("POST", "complete/"),
    ):
        hidden, absent = (bobs.json(method, f"{API}{each}/{path}") for each in (pk, uuid4()))
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content), (method, path)
        assert hidden.status_code == 404
    assert bobs.get(API).json()["results"] == []
    absent = type(secret_note)(pk=uuid4())
    assert NOTES.announce(bobs, secret_note).json()["errors"] == NOTES.announce(bobs, absent).json()["errors"]
    assert client.as_(alice).get(f"{API}{pk}/").status_code == 200


# Canaries in contents and names ------------------------------------------------------------------------------------


def test_no_canary_of_another_account_is_in_files(client, acme, globex, alice, mallory, note, foreign_note, run_jobs):
    contents = {}
    for account, person, at in ((acme, alice, note), (globex, mallory, foreign_note)):
        set_access(account, MediaAccess.PROXIED)
        text = canary(account)
        pk = NOTES.attach(client.as_(person), at, text.encode(), name=canary(account))
        contents[account.pk] = (pk, text)
    run_jobs()
    for account, person in ((acme, alice), (globex, mallory)):
        session, (pk, text) = client.as_(person), contents[account.pk]
        answer = session.get(f"{API}{pk}/download/")
        body = b"".join(answer.streaming_content)
        assert body == text.encode()
        assert foreign_canaries(body, account) == []
        (foreign,) = [each for owner, (each, _) in contents.items() if owner != account.pk]
        assert session.get(f"{API}{foreign}/download/").status_code == 404
        session.get(API)
        with tenant_context(account):
            stored = {each.name: b"".join(storage.read(each.name).pieces) for each in storage.walk()}
        assert set(stored) == {pk}
        assert foreign_canaries(b"".join(stored.values()), account) == []


def test_list_of_a_thousand_files_sends_no_request_to_s3(
    client, acme, bob, note, settings, django_assert_max_num_queries
):

    with tenant_context(acme):
        member = membership_of(bob, acme)
        NoteFile.objects.bulk_create(
            NoteFile(note=note, name=str(n), content_type="text/plain", size=1, state="ready", uploaded_by=member)
            for n in range(1000)
        )
    nowhere = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": nowhere}}
    session, url, seen = client.with_token(bob), f"{API}?page_size=200", 0
    session.get(url)  # fills the cache of the tenant
    while url:
        with django_assert_max_num_queries(4):
            page = session.get(url).json()
        seen += len(page["results"])
        url = page["next"]
    assert seen == 1000

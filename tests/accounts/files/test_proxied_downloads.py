"""Downloads through the application: ranges, conditional requests, and permissions at each request."""

import pytest

from accounts.models import MediaAccess
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.files.clients import API, NOTES, TEXT

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(client, acme, alice, note, run_jobs):
    """The URL of a ready file of alice, in an account with proxied downloads."""
    type(acme).objects.filter(pk=acme.pk).update(media_access=MediaAccess.PROXIED)
    pk = NOTES.attach(client.as_(alice), note, name="Größe.html")
    run_jobs()
    return f"{API}{pk}/download/"


@pytest.fixture
def get(client, bob, path):
    session = client.as_(bob)

    def get(method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        response = session.generic(method, path, headers=headers)
        response.body = b"".join(response.streaming_content) if response.streaming else response.content
        return response

    return get


def test_whole_file_is_downloaded(get):
    response = get()
    assert (response.status_code, response.body) == (200, TEXT)
    assert response["Content-Length"] == str(len(TEXT))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"]
    assert response["Last-Modified"]


def test_download_is_an_attachment_in_a_sandbox(get):
    response = get()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.html"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert response["Cache-Control"] == "private, no-cache"


SIZE = len(TEXT)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=5-", 5, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=-9999", 0, SIZE),
        ("bytes=3-9999", 3, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
    ],
)
def test_range_is_downloaded(get, asked, start, stop):
    response = get(Range=asked)
    assert (response.status_code, response.body) == (206, TEXT[start:stop])
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=9999-", "bytes=-0", "bytes=" + "9" * 19 + "-"])
def test_unsatisfiable_range_is_refused(get, asked):
    response = get(Range=asked)
    assert (response.status_code, response.json()["code"]) == (416, "range_not_satisfiable")
    assert response["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes", "bytes=a-b", "bytes=" + "9" * 30 + "-"]
)
def test_invalid_range_returns_the_whole_file(get, asked):
    response = get(Range=asked)
    assert (response.status_code, response.body) == (200, TEXT)


def test_head_returns_headers_only(get):
    response = get("HEAD", Range="bytes=0-4")
    assert (response.status_code, response.body, response["Content-Length"]) == (200, b"", str(SIZE))


def test_conditional_request_returns_304(get):
    tag, modified = get()["ETag"], get()["Last-Modified"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f'"x", {tag}'}, {"If-Modified-Since": modified}):
        response = get(**headers)
        assert (response.status_code, response.body, response["ETag"]) == (304, b"", tag)
    assert get(If_None_Match='"x"').status_code == 200
    assert get(If_Match=tag).status_code == 200
    assert get(If_Match='"x"').json()["code"] == "stale"


def test_if_range_is_respected(get):
    tag = get()["ETag"]
    for condition, status in ((tag, 206), ('"x"', 200), (f"W/{tag}", 200), (get()["Last-Modified"], 206)):
        assert get(Range="bytes=0-4", If_Range=condition).status_code == status


def test_rights_are_checked_at_each_request(acme, alice, bob, get, note):
    """A stored link or a cached copy is refused after the note was hidden."""
    tag = get()["ETag"]
    with tenant_context(acme):
        type(note).objects.update(reader=membership_of(alice, acme))
    for headers in ({}, {"If_None_Match": tag}, {"Range": "bytes=0-4"}):
        assert get(**headers).status_code == 404
    with tenant_context(acme):
        type(note).objects.update(reader=None)
    assert get().status_code == 200


def test_proxied_download_has_no_link_to_storage(get):
    assert "Location" not in get()


def test_only_admins_can_change_media_access(client, alice, bob, acme):
    session = client.as_(alice)
    assert session.get("/api/v1/account/").json()["media_access"] == "presigned"
    assert session.json("PATCH", "/api/v1/account/", {"media_access": "proxied"}).json()["media_access"] == "proxied"
    assert session.json("PATCH", "/api/v1/account/", {"media_access": "public"}).status_code == 400
    assert client.as_(bob).json("PATCH", "/api/v1/account/", {"media_access": "presigned"}).status_code == 403
    (entry,) = session.get("/api/v1/audit/?action=account.updated").json()["results"]
    assert entry["data"] == {"media_access": ["presigned", "proxied"]}

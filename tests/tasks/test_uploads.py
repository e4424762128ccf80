"""Files through the application, as a multipart form: attachments/upload/."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.tasks.files import API, TEXT, fetch, keys_of

pytestmark = pytest.mark.django_db

UPLOAD = f"{API}upload/"
BOUNDARY = "a-line-that-is-nowhere-else"


@pytest.fixture
def bobs(client, bob):
    return client.with_token(bob)


def form(*parts):
    """Return a multipart body of (headers, content), in that order."""
    lines = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def field(name, value):
    return f'Content-Disposition: form-data; name="{name}"', str(value).encode()


def file(name="minutes.txt", content=TEXT, content_type="text/plain", called="file"):
    disposition = f'Content-Disposition: form-data; name="{called}"; filename="{name}"'
    return f"{disposition}\r\nContent-Type: {content_type}", content


def send(session, body, **headers):
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return session.generic("POST", UPLOAD, body, content_type=kind, headers=headers)


def upload(session, task, content=TEXT, **about):
    return send(session, form(field("task", task.pk), file(content=content, **about)))


def attachments_of(account):
    with tenant_context(account):
        return Attachment.objects.count()


@pytest.mark.parametrize("content", [TEXT, b"", b"\r\n--" + BOUNDARY.encode()[:-1], b"x" * (13 * 2**20 + 1)])
def test_a_file_goes_in_and_comes_out(bobs, acme, task, run_jobs, content):
    response = upload(bobs, task, content)
    assert response.status_code == 201, response.content
    row = response.json()
    assert (row["state"], row["size"], row["name"]) == ("pending", len(content), "minutes.txt")
    assert "upload" not in row
    run_jobs()
    assert bobs.get(f"{API}{row['id']}/").json()["state"] == "ready"
    assert fetch(bobs, row["id"]).content == content
    assert keys_of(acme) == {row["id"]}


def test_a_form_of_djangos_does_as_well(client, acme, bob, task):
    """With a cookie the token is in the header, since nobody reads the body before."""
    session = client.as_(bob)
    response = session.post(UPLOAD, {"task": str(task.pk), "file": SimpleUploadedFile("a.txt", TEXT)})
    assert response.status_code == 201, response.content


def test_a_cookie_needs_the_token_of_the_form(acme, bob, task):
    from tenancy.testing import TenantClient

    session = TenantClient(acme)
    session.handler.enforce_csrf_checks = True
    session.log_in(bob)
    refused = upload(session, task)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert attachments_of(acme) == 0
    assert keys_of(acme) == set()


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([], "file"),
        (["task"], "file"),
        (["file"], "task"),
        (["file", "task"], "task"),
        (["task", "file", "file"], "file"),
        (["task", "other"], "other"),
        (["task", "unknown", "file"], "unknown"),
        (["nobody", "file"], "task"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_left(bobs, acme, task, parts, wrong, run_jobs):
    known = {
        "task": field("task", task.pk),
        "file": file(),
        "other": file(called="other"),
        "unknown": field("unknown", 1),
        "nobody": field("task", "01a1fddf-4c85-71ee-9b55-af039e6044b3"),
    }
    response = send(bobs, form(*(known[part] for part in parts)))
    assert (response.status_code, set(response.json()["errors"])) == (400, {wrong})
    run_jobs()
    assert (attachments_of(acme), keys_of(acme)) == (0, set())


@pytest.mark.parametrize("cut", [10, 30, 60, 100, 150, 250, 300])
def test_a_body_that_ends_too_soon_leaves_nothing(bobs, acme, task, cut, run_jobs):
    body = form(field("task", task.pk), file())
    response = send(bobs, body[:-cut])
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
def test_other_bodies_are_refused(bobs, task, kind, status):
    body = form(field("task", task.pk), file())
    assert bobs.generic("POST", UPLOAD, body, content_type=kind).status_code == status


def test_viewers_upload_nothing_and_strangers_see_nothing(client, vera, mallory, bob, acme, task, secret_task):
    assert upload(client.with_token(vera), task).status_code == 403
    for session, hidden in ((client.with_token(bob), secret_task), (client.with_token(mallory), task)):
        response = upload(session, hidden)
        assert (response.status_code, set(response.json()["errors"])) == (400, {"task"})
    assert keys_of(acme) == set()


def test_a_comment_of_ones_own(client, bob, acme, task):
    from tasks.actions import create_comment

    with tenant_context(acme):
        comment = create_comment(actor=membership_of(bob, acme), task=task, body="See the file.")
    body = form(field("task", task.pk), field("comment", comment.pk), file())
    assert send(client.with_token(bob), body).json()["comment"] == str(comment.pk)


def test_a_key_is_for_one_file(bobs, acme, task, run_jobs):
    body = form(field("task", task.pk), file())
    answers = [send(bobs, body, **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = send(bobs, form(field("task", task.pk), file(content=b"x")), **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    run_jobs()
    assert (attachments_of(acme), keys_of(acme)) == (1, {answers[0].json()["id"]})

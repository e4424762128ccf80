"""Responses have exactly the API headers that the OpenAPI document lists for them."""

import json
from dataclasses import replace

import pytest

from accounts import plans
from config.openapi import DOCUMENT
from tenancy.testing import PASSWORD
from tests.accounts.rest.test_documented_headers import API, OLD, REQUESTS, Request, Rows, new, on, send
from tests.tasks.files import FILES

pytestmark = pytest.mark.django_db

SCHEMA = json.loads(DOCUMENT.read_text())
# Headers that Django and its middleware add to every response of the site.
GENERAL = {"Content-Type", "Content-Length", "Content-Security-Policy", "Cache-Control", "Vary", "X-Frame-Options"}
GENERAL |= {"X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"}
GENERAL |= {"Allow"}  # listed for 405, where clients need it
SOMETIMES = {"Idempotency-Replayed", "X-Tenant"}

READS = {
    "get account/": lambda rows: Request(f"{API}account/"),
    "get me/": lambda rows: Request(f"{API}me/"),
    "get me/accounts/": lambda rows: Request(f"{API}me/accounts/"),
    "get members/": lambda rows: Request(f"{API}members/"),
    "get tasks/": lambda rows: Request(f"{API}tasks/"),
    "get tasks/{id}/": lambda rows: on("tasks", rows.task.pk),
    "get projects/{id}/members/": lambda rows: on("projects", rows.project.pk, "members"),
    "get search/": lambda rows: Request(f"{API}search/?q=write"),
    "get audit/export/": lambda rows: Request(f"{API}audit/export/"),
}


@pytest.fixture
def rows(client, acme, alice, bob, project, task):
    return Rows(client.at(acme).with_token(alice), acme, project, task, (alice, bob))


def documented(operation, status):
    method, _, path = operation.partition(" ")
    response = SCHEMA["paths"][API + path][method]["responses"][str(status)]
    if "$ref" in response:
        response = SCHEMA["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return set(response.get("headers", {}))


def check(operation, response):
    """Compare the headers of a response with those of the document, and return them."""
    named = documented(operation, response.status_code)
    sent = set(response.headers)
    assert sent - GENERAL - SOMETIMES == named - GENERAL - SOMETIMES, (operation, response.status_code)
    assert sent & SOMETIMES <= named
    return sent


@pytest.mark.parametrize("operation", [*READS, *REQUESTS])
def test_success_has_the_documented_headers(rows, operation):
    request = (READS | REQUESTS)[operation](rows)
    response = send(rows, operation, request)
    assert response.status_code < 300, response.content
    check(operation, response)


def test_retry_has_the_documented_headers(rows):
    for _ in range(2):
        response = send(rows, "post labels/", new("labels", name="Bug"), Idempotency_Key="key-1")
        sent = check("post labels/", response)
    assert {"Idempotency-Replayed", "ETag", "RateLimit-Limit"} <= sent


def test_response_without_a_change_has_the_documented_headers(rows):
    request = on("tasks", rows.task.pk)
    tag = send(rows, "get tasks/{id}/", request)["ETag"]
    response = send(rows, "get tasks/{id}/", request, If_None_Match=tag)
    assert response.status_code == 304
    assert "ETag" in check("get tasks/{id}/", response)


@pytest.mark.parametrize(
    ("operation", "request_of", "status", "headers"),
    [
        ("post labels/", lambda rows: new("labels", nom="Bug"), 400, {}),
        ("get tasks/{id}/", lambda rows: on("tasks", rows.account.pk), 404, {}),
        (
            "patch labels/{id}/",
            lambda rows: on("labels", rows.make("labels", name="Bug"), body={}),
            412,
            {"If_Match": OLD},
        ),
        ("post tasks/{id}/reopen/", lambda rows: on("tasks", rows.task.pk, "reopen"), 409, {}),
    ],
)
def test_error_has_the_documented_headers(rows, operation, request_of, status, headers):
    response = send(rows, operation, request_of(rows), **headers)
    assert response.status_code == status
    check(operation, response)


def test_method_that_is_not_allowed_has_allow(rows):
    response = send(rows, "put tasks/", Request(f"{API}tasks/"))
    assert response.status_code == 405
    assert documented("get tasks/", 405) <= set(response.headers)


def test_anonymous_client_gets_the_documented_headers(client, acme):
    response = client.at(acme).get(f"{API}tasks/")
    assert response.status_code == 401
    assert "WWW-Authenticate" in check("get tasks/", response)


def test_tokens_have_the_documented_headers(client, acme, alice):
    for password, status in ((PASSWORD, 200), ("wrong", 401)):
        body = {"email": alice.email, "password": password}
        response = client.at(acme).json("POST", f"{API}auth/token/", body)
        assert response.status_code == status
        check("post auth/token/", response)


def test_member_over_the_limit_gets_retry_after(rows, monkeypatch):
    monkeypatch.setitem(plans.LIMITS, "business", replace(plans.LIMITS["business"], requests_per_user=0))
    response = send(rows, "get tasks/", Request(f"{API}tasks/"))
    assert response.status_code == 429
    assert "Retry-After" in check("get tasks/", response)


@pytest.mark.parametrize(
    ("media_access", "headers", "status"),
    [
        ("presigned", {}, 302),
        ("proxied", {}, 200),
        ("proxied", {"Range": "bytes=0-3"}, 206),
        ("proxied", {"Range": "bytes=9999-"}, 416),
        ("proxied", {"If_None_Match": "*"}, 304),
    ],
)
def test_download_has_the_documented_headers(rows, run_jobs, media_access, headers, status):
    type(rows.account).objects.filter(pk=rows.account.pk).update(media_access=media_access)
    pk = FILES.attach(rows.session, rows.task)
    run_jobs()
    operation = "get attachments/{id}/download/"
    response = send(rows, operation, on("attachments", pk, "download"), **headers)
    if response.streaming:
        response.getvalue()  # closes the file
    assert response.status_code == status
    check(operation, response)

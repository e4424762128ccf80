"""Error pages: without a tenant, without a person, without a database."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.utils import timezone

from accounts.exceptions import Gone, TooManyAttempts
from frontend.projects import views


def test_not_found_leads_back_to_the_account(client, bob, page):
    response = client.as_(bob).get("/projects/NONE/")
    seen = page(response)
    assert response.status_code == 404
    assert "This page does not exist, or you do not have permission to see it." in seen.text
    assert "Back to Acme" in seen.text
    assert seen.links == ["#main", "/"]


def test_path_without_a_page_is_not_found_for_anonymous_clients(client, acme):
    assert client.at(acme).get("/nothing/").status_code == 404
    assert client.get("/nothing/").status_code == 404


def test_refused_pages_say_so(client, vera, project, page):
    response = client.as_(vera).post("/", {"name": "Mine"})
    assert response.status_code == 403
    assert "You do not have permission to see or do this." in page(response).text


@pytest.mark.parametrize(
    ("host", "status", "words"),
    [
        ("absent.localhost", 404, "There is no account at this address"),
        ("elsewhere.example", 404, "There is no account at this address"),
        ("bad_host!", 400, "That address is malformed"),
        ("", 400, "That address is malformed"),
    ],
)
def test_a_host_without_an_account_gets_its_styles_from_the_public_site(db, page, host, status, words):
    response = Client(HTTP_HOST=host).get("/")
    seen = page(response)
    assert response.status_code == status
    assert words in seen.text
    styles = [link["href"] for link in seen.all("link", rel="stylesheet")]
    assert styles
    assert all(href.startswith("http://localhost:8000/static/") for href in styles)
    assert "http://localhost:8000/" in seen.links


def test_a_suspended_account_says_so(client, acme, bob, page):
    acme.suspended_at = timezone.now()
    acme.save()
    response = client.at(acme).get("/")
    assert response.status_code == 403
    assert "This account is suspended" in page(response).text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RuntimeError("secret detail"), 500, "The error has been recorded."),
        (OperationalError("secret detail"), 503, "A part of the system does not respond."),
        (SuspiciousOperation("secret detail"), 400, "The address or the form data is malformed."),
    ],
)
def test_a_failure_asks_nothing_of_the_database(
    client, bob, monkeypatch, django_assert_num_queries, page, error, status, words
):
    def fail(request):
        raise error

    browser = client.as_(bob)
    browser.raise_request_exception = False
    browser.get("/")  # the host is known now
    monkeypatch.setattr(views, "_with_counts", fail)
    with django_assert_num_queries(1):  # session, user and membership; none by the page
        response = browser.get("/")
    seen = page(response)
    assert response.status_code == status
    assert words in seen.text
    assert "secret detail" not in response.content.decode()
    assert "bob@example.com" not in response.content.decode()
    assert "Acme" in seen.text
    assert ("" in seen.links) == (status >= 500)  # the same address, to try again


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Gone(), 404, "This page does not exist, or you do not have permission to see it."),
        (TooManyAttempts(7), 429, "Wait for a minute, then try again."),
    ],
)
def test_page_answers_exceptions_of_actions(client, bob, monkeypatch, page, error, status, words):
    def fail(request):
        raise error

    monkeypatch.setattr(views, "_with_counts", fail)
    response = client.as_(bob).get("/")
    assert response.status_code == status
    assert words in page(response).text


@pytest.mark.parametrize(("host", "status"), [("absent.localhost", 404), ("bad host", 400)])
def test_a_refusal_has_the_headers_that_middleware_sets_elsewhere(client, db, host, status):
    answer = client.get("/", HTTP_HOST=host)
    assert answer.status_code == status
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "style-src http://localhost:8000;" in answer["Content-Security-Policy"]
    assert (answer["X-Content-Type-Options"], answer["X-Frame-Options"]) == ("nosniff", "DENY")


def test_a_lost_race_is_a_409_and_not_a_500(client, alice, acme, monkeypatch):
    def lose(**fields):
        raise IntegrityError("duplicate key")

    monkeypatch.setattr(views, "create_project", lose)
    browser = client.as_(alice)
    browser.raise_request_exception = False
    answer = browser.post("/", {"name": "Website", "key": "", "color": "green"})
    assert answer.status_code == 409
    assert b"Conflict" in answer.content

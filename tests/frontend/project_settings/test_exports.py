"""/projects/<KEY>/export/: a project as a file, without JavaScript and with it."""

import pytest

from accounts.models import Export
from tenancy.context import tenant_context

URL = "/projects/WEB/export/"


@pytest.fixture
def export(acme):
    """Change the one export of acme behind the actions' back."""

    def change(**fields):
        with tenant_context(acme):
            Export.objects.update(**fields)
            return Export.objects.get()

    return change


def test_the_project_leads_there(client, vera, project, page):
    assert URL in page(client.as_(vera).get("/projects/WEB/")).links
    seen = page(client.as_(vera).get(URL))
    assert "No exports yet." in seen.text
    assert [button["value"] for button in seen.all("button", name="format")] == ["xlsx", "csv", "json"]


def test_a_viewer_asks_and_sees_how_far_it_is(client, vera, project, page, export):
    browser = client.as_(vera)
    response = browser.post(URL, {"format": "csv"})
    assert (response.status_code, response["Location"]) == (302, URL)
    seen = page(browser.get(URL))
    assert "Waiting" in seen.text
    assert seen.all("section", id="exports")[0]["hx-get"] == URL
    assert "Refresh" in seen.text  # without JavaScript
    export(state="running", done=12, total=40)
    assert "12 of 40 tasks" in page(browser.get(URL)).text


def test_the_file_is_a_link_when_it_is_ready(client, vera, project, page, run_jobs, export):
    browser = client.as_(vera)
    browser.post(URL, {"format": "json"})
    run_jobs()
    response = browser.get(URL)
    seen, ready = page(response), export()
    link = f"/api/v1/exports/{ready.pk}/download/"
    assert link in seen.links
    assert f"WEB-{ready.created_at.date()}.json" in seen.text
    assert "hx-get" not in seen.all("section", id="exports")[0]
    assert b"".join(browser.get(link).streaming_content).startswith(b'{"exported_at"')


@pytest.mark.parametrize(
    ("kind", "failure", "words"),
    [
        ("csv", "too_large", "The file would be larger than 256.0 MB, which is the limit."),
        ("json", "too_large", "which is the limit. CSV has no comments and may be small enough."),
        (
            "xlsx",
            "too_large",
            "A sheet would be larger than 128.0 MB or contain more than 1,048,575 tasks. CSV has no such limit.",
        ),
        ("csv", "forbidden", "You no longer had permission when the file was to be written."),
        ("csv", "storage", "The file storage could not be reached. Request it again."),
        ("csv", "abandoned", "It was not written within a day. Request it again."),
        ("csv", "error", "An error occurred while it was written. Request it again."),
        ("csv", "", "The file could not be written. Request it again."),
    ],
)
def test_a_failure_is_said_with_its_reason(client, vera, project, page, export, kind, failure, words):
    browser = client.as_(vera)
    browser.post(URL, {"format": kind})
    export(state="failed", failure=failure)
    assert words in page(browser.get(URL)).text


def test_htmx_gets_the_list_alone(client, vera, project):
    response = client.as_(vera).get(URL, headers={"HX-Request": "true"})
    assert response.content.strip().startswith(b"<section id=")


def test_the_fourth_has_to_wait(client, vera, project, page):
    browser = client.as_(vera)
    for _ in range(3):
        browser.post(URL, {"format": "csv"})
    response = browser.post(URL, {"format": "csv"})
    assert response.status_code == 409
    assert "You have 3 unfinished exports." in page(response).text


def test_export_is_not_shown_to_other_members(client, alice, vera, project, page):
    client.as_(vera).post(URL, {"format": "csv"})
    assert "No exports yet." in page(client.as_(alice).get(URL)).text


def test_a_hidden_project_has_no_such_page(client, bob, secret_project):
    browser = client.as_(bob)
    for path in ("/projects/SEC/export/", "/projects/NIL/export/"):
        assert browser.get(path).status_code == browser.post(path, {"format": "csv"}).status_code == 404


@pytest.mark.parametrize("fields", [{}, {"format": "xml"}])
def test_nonsense_is_refused(client, vera, project, fields):
    assert client.as_(vera).post(URL, fields).status_code == 400

"""Direct uploads from browsers to S3, without the application as a proxy."""

import os

import pytest
from django.db import connection
from playwright.sync_api import expect

from accounts.models import Account
from accounts.plans import LIMITS
from tasks.actions.tasks import create_task
from tasks.models import Attachment, Task
from tenancy.context import tenant_context
from tenancy.storage import storage
from tests.accounts.files.clients import keys_of
from tests.browser.storage_front import front_of
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

SIZE = 3 * 2**20
LARGE = b"A line that is in no other request.\n" * (SIZE // 36)
DROP = """() => {
  const carrier = new DataTransfer();
  for (const name of ["one.txt", "two.txt"]) carrier.items.add(new File(["Dropped."], name, { type: "text/plain" }));
  const drop = new DragEvent("drop", { dataTransfer: carrier, bubbles: true, cancelable: true });
  document.querySelector("#task-text").dispatchEvent(drop);
}"""


@pytest.fixture(scope="module")
def front():
    with front_of(os.environ["S3_ENDPOINT_URL"]) as front:
        yield front


@pytest.fixture(scope="module")
def url(django_db_setup, tmp_path_factory, front):
    """A web process whose S3 accepts uploads from browsers."""
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    variables = {"S3_BROWSER_UPLOADS": "1", "S3_PUBLIC_ENDPOINT_URL": front.url}
    with web_process(database, tmp_path_factory.mktemp("web") / "web.log", connections=8, **variables) as url:
        yield url


@pytest.fixture
def studio(browser, front):
    project = make_project(browser.office, name="Website", key="WEB")
    browser.office.act(create_task, project=project, title="Keep the files")
    front.mode, front.taken = "open", []
    return browser.office


class Requests:
    """The requests of a page to the application."""

    def __init__(self, page, office):
        self.all = []
        page.on("requestfinished", lambda each: self.all.append(each) if each.url.startswith(office.origin) else None)

    @property
    def bytes(self):
        return sum(int(each.all_headers().get("content-length", 0)) for each in self.all)


def attach(page, *, content=LARGE, name="notes.txt"):
    page.locator("#new-file").set_input_files(files=[{"name": name, "mimeType": "text/plain", "buffer": content}])
    page.get_by_role("button", name="Attach").click()


def files(studio):
    with tenant_context(studio.tenant):
        return sorted(Attachment.objects.values_list("name", "size"))


def test_file_is_sent_to_storage_and_not_to_the_application(browser, studio, front):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    requests = Requests(page, studio)
    attach(page)
    expect(page.locator("#files")).to_contain_text("notes.txt")
    expect(page.locator("#files .progress")).to_be_hidden()
    assert page.locator("#new-file").evaluate("field => field.files.length") == 0
    assert files(studio) == [("notes.txt", len(LARGE))]
    assert front.taken == [len(LARGE)]
    assert 0 < requests.bytes < 2000
    with tenant_context(studio.tenant):
        stored = storage.read(f"incoming/{Attachment.objects.get().pk}")
        assert b"".join(stored.pieces) == LARGE


def test_dropped_files_are_uploaded_one_after_another(browser, studio, front):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    page.evaluate(DROP)
    expect(page.locator("#files")).to_contain_text("one.txt")
    expect(page.locator("#files")).to_contain_text("two.txt")
    assert files(studio) == [("one.txt", 8), ("two.txt", 8)]
    assert front.taken == [8, 8]


def test_file_is_uploaded_directly_from_the_panel(browser, studio, front):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    page.locator("a.card").click()
    attach(page.locator("#panel").page)
    expect(page.locator("#panel #files")).to_contain_text("notes.txt")
    assert front.taken == [len(LARGE)]


@pytest.mark.parametrize(("mode", "complaint"), [("silent", "CORS policy"), ("refusing", "status of 403")])
def test_upload_falls_back_to_the_application_when_storage_refuses(browser, studio, front, mode, complaint):
    front.mode = mode
    browser.expect(complaint)
    if mode == "silent":
        browser.expect("ERR_FAILED")
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    requests = Requests(page, studio)
    attach(page)
    expect(page.locator("#files")).to_contain_text("notes.txt")
    assert front.taken == []
    assert requests.bytes > len(LARGE)
    assert files(studio) == [("notes.txt", len(LARGE))], "What was announced was not taken back."
    assert len(keys_of(studio.tenant)) == 1
    front.mode = "open"
    attach(page, content=b"Short.", name="more.txt")
    expect(page.locator("#files")).to_contain_text("more.txt")
    assert front.taken == [], "It was tried again."


def test_refused_upload_shows_the_reason_and_sends_no_file(browser, studio, front):
    Account.objects.filter(pk=studio.tenant.pk).update(plan="free")
    with tenant_context(studio.tenant):
        everything = {"size": LIMITS["free"].storage, "uploaded_by": studio.membership("owner")}
        Attachment.objects.create(
            task=Task.objects.get(), name="all.zip", content_type="application/zip", **everything
        )
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    browser.expect("status of 402")
    attach(page)
    expect(page.locator("#files").get_by_role("alert")).to_contain_text("The plan “Free” includes 1.0")
    assert len(files(studio)) == 1
    assert front.taken == []


def test_form_uploads_the_file_without_scripts(browser, studio, front):
    page = browser.as_("member", javascript=False)
    page.goto("/tasks/WEB-1/")
    attach(page)
    expect(page.locator("#files")).to_contain_text("notes.txt")
    assert front.taken == []
    assert files(studio) == [("notes.txt", len(LARGE))]


def test_csp_allows_connections_to_storage_only(browser, studio, front):
    page = browser.as_("member")
    policy = page.goto("/tasks/WEB-1/").headers["content-security-policy"]
    assert f"connect-src 'self' {front.url};" in f"{policy};"
    browser.expect("Content Security Policy")
    asked = "fetch('http://127.0.0.1:1/').then(() => 'let through', () => 'refused')"
    assert page.evaluate(asked) == "refused"

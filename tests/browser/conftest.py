"""A real browser, a live web process on the test database, and an account for each test.

    def test_the_page_greets(browser):
        page = browser.as_("member", width=390, dark=True)
        page.goto("/")
        expect(page.get_by_role("heading", name="Projects")).to_be_visible()

`browser.office` is the account: `browser.office.act(create_task, role="member", project=project, title="Call")` does
something in it. Mark files with `pytestmark = pytest.mark.needs_program("browser")`.
"""

import os

import pytest
from django.db import connection
from playwright.sync_api import expect, sync_playwright

from config.pytest_plugin import find_program
from tasks.actions.tasks import create_task
from tests.accounts.live.clients import make_office, port_of
from tests.browser.users import ARGUMENTS, SECONDS, Browsers
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database
from tests.projects.offices import make_project

expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="session")
def url(django_db_setup, tmp_path_factory):
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path_factory.mktemp("web") / "web.log", connections=8) as url:
        yield url


@pytest.fixture(scope="module")
def chromium():
    """One browser for the tests of a file.

    Playwright keeps an event loop running in this thread, in which Django refuses to ask the database, although
    nothing of it runs while a test does. Not for longer than a file: other tests start event loops.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=find_program("browser"), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def office(transactional_db, url):
    """A new account for each test: the process caches hosts longer than a test runs."""
    return make_office(port_of(url))


@pytest.fixture
def browser(office, chromium):
    browsers = Browsers(chromium, office)
    yield browsers
    browsers.close()


@pytest.fixture
def studio(browser):
    """The account, with the project WEB and three tasks in it."""
    studio = browser.office
    project = make_project(studio, name="Website", key="WEB")
    for title in ("Write the welcome page", "Choose a picture", "Ask the printer"):
        studio.act(create_task, project=project, title=title, description="Say **hello**.")
    return studio

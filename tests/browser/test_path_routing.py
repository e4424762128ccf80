"""Accounts below `/t/<slug>/` of one host: live updates work there, and the accounts share one cookie."""

import os

import pytest
from django.db import connection
from playwright.sync_api import expect

from tasks.actions.tasks import create_task
from tenancy.testing import PASSWORD
from tests.accounts.live.clients import make_office, port_of
from tests.browser.users import give_password
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")


@pytest.fixture(scope="module")
def url(django_db_setup, tmp_path_factory):
    """A web process that finds accounts by path."""
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    resolvers = "tenancy.routing.PathResolver,tenancy.routing.HostResolver"
    log = tmp_path_factory.mktemp("web") / "web.log"
    with web_process(database, log, connections=8, TENANCY_RESOLVERS=resolvers) as url:
        yield url


def address_of(office, path):
    return f"http://localhost:{office.port}/t/{office.tenant.slug}{path}"


def log_in(page, office, path):
    member = office.people["member"]
    give_password(member)
    page.goto(address_of(office, path))
    page.get_by_label("Email").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_board_has_live_updates(browser, office):
    project = make_project(office, name="Website", key="WEB")
    page = browser.anonymous()
    log_in(page, office, "/projects/WEB/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    office.act(create_task, project=project, title="Of the owner")
    expect(page.locator(".card-title")).to_have_text(["Of the owner"])


def test_log_in_to_another_account_ends_the_session_of_the_first(browser, office, url):
    other = make_office(port_of(url))
    page = browser.anonymous()
    log_in(page, office, "/inbox/")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    log_in(page, other, "/inbox/")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.goto(address_of(office, "/inbox/"))
    expect(page.get_by_label("Password")).to_be_visible()

"""Pages in a real browser follow the content security policy; a violation fails the test."""

import pytest
from playwright.sync_api import expect

from tasks.actions.tasks import create_task
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, membership_of
from tests.browser.users import FITS, give_password
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_projects_page_shows_the_projects(browser, width, dark):
    make_project(browser.office, name="Website")
    page = browser.as_("member", width=width, dark=dark)
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name="Website")).to_be_visible()
    assert page.evaluate(FITS), "The page scrolls sideways."


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_member_logs_in_with_their_password(browser, javascript):
    member = browser.office.people["member"]
    give_password(member)
    page = browser.anonymous(javascript=javascript)
    page.goto("/inbox/")
    page.get_by_label("Email").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


@pytest.mark.parametrize(
    ("script", "event", "complaint"),
    [
        ("console.error('broken')", "console", "broken"),
        ("setTimeout(() => { throw new Error('broken') })", "pageerror", "broken"),
        ("document.body.setAttribute('style', 'color: red')", "console", "Content Security Policy"),
        ("new Image().src = 'https://elsewhere.example/'", "console", "Content Security Policy"),
        ("fetch('/nothing/')", "console", "status of 404"),
    ],
)
def test_console_errors_are_recorded(browser, script, event, complaint):
    page = browser.as_("member")
    page.goto("/")
    browser.expect(complaint)
    with page.expect_event(event):
        page.evaluate(script)


def test_console_error_fails_the_test(browser):
    page = browser.as_("member")
    page.goto("/")
    with page.expect_event("console"):
        page.evaluate("console.error('broken')")
    with pytest.raises(AssertionError, match="broken"):
        browser.close()
    browser.complaints.clear()


def test_missing_expected_console_error_fails_the_test(browser):
    browser.expect("status of 403")
    with pytest.raises(AssertionError, match="never heard"):
        browser.close()
    browser.expected.clear()


MIDDLE = "element => { const { top, height } = element.getBoundingClientRect(); return top + height / 2; }"
CLIPPED = """select => {
  const shown = select.offsetWidth;
  select.style.width = "max-content";
  const needed = select.offsetWidth;
  select.style.width = "";
  return shown < needed;
}"""


def test_kinds_of_statuses_are_read_whole_on_a_phone(browser):
    make_project(browser.office, name="Website", key="WEB")
    page = browser.as_("admin", width=390)
    page.goto("/projects/WEB/settings/")
    kinds = page.locator(".status-row select")
    assert [each.evaluate(CLIPPED) for each in kinds.all()] == [False] * 4
    assert page.evaluate(FITS)


def test_key_of_a_long_title_is_centred_and_people_alone_take_no_line_of_a_card(browser):
    office = browser.office
    project = make_project(office, name="Website", key="WEB")
    with tenant_context(office.tenant):
        member = membership_of(office.people["member"], office.tenant)
    office.act(create_task, project=project, title="Short", assignees=[member])
    office.act(create_task, project=project, title="A very long title " * 25)
    page = browser.as_("member")
    page.goto("/projects/WEB/?view=list")
    row = page.locator("tr[data-key=WEB-2]")
    key, cell = (row.locator(each).evaluate(MIDDLE) for each in (".key", ".list-status"))
    assert abs(key - cell) < 2
    page.goto("/projects/WEB/")
    card = page.locator("[data-key=WEB-1]")
    title, people = (card.locator(each).evaluate(MIDDLE) for each in (".card-title", ".people"))
    assert abs(title - people) < 4

"""Pages in a real browser: they keep to their own content security policy, and what breaks it is noticed."""

import pytest
from playwright.sync_api import expect

from tenancy.testing import PASSWORD
from tests.browser.people import FITS, give_password

pytestmark = pytest.mark.needs_program("browser")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_projects_are_shown(browser, width, dark):
    browser.office.make_project(name="Website")
    page = browser.as_("member", width=width, dark=dark)
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name="Website")).to_be_visible()
    assert page.evaluate(FITS), "The page scrolls sideways."


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_somebody_logs_in(browser, javascript):
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
def test_complaints_are_heard(browser, script, event, complaint):
    page = browser.as_("member")
    page.goto("/")
    browser.expect(complaint)
    with page.expect_event(event):
        page.evaluate(script)


def test_a_complaint_fails_the_test(browser):
    page = browser.as_("member")
    page.goto("/")
    with page.expect_event("console"):
        page.evaluate("console.error('broken')")
    with pytest.raises(AssertionError, match="broken"):
        browser.close()
    browser.complaints.clear()


def test_an_expected_complaint_must_come(browser):
    browser.expect("status of 403")
    with pytest.raises(AssertionError, match="never heard"):
        browser.close()
    browser.expected.clear()

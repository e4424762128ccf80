"""Drafts are stored encrypted, for the member who typed them and for one form. Secrets are not stored."""

import pytest
from playwright.sync_api import expect

from tasks.actions.comments import create_comment
from tasks.actions.tasks import create_task
from tenancy.testing import PASSWORD
from tests.browser.drafts import STORED, TASK, comment_of, end_sessions, log_in, note, open_studio, type_into
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")


@pytest.fixture
def studio(browser):
    return open_studio(browser)


def test_another_user_of_the_browser_sees_nothing(browser, studio):
    page = browser.as_("member")
    left_open = page.context.new_page()
    for each in (page, left_open):
        each.goto(TASK)
        type_into(comment_of(each), "A secret of the member")
    page.locator(".person-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/auth/login/**")
    left_open.wait_for_url("**/auth/login/**")
    page.goto(TASK)
    log_in(page, studio, "owner")
    page.wait_for_url(f"**{TASK}")
    for step in (page.reload, page.go_back, page.go_back, page.go_back, page.reload):
        step()
        page.wait_for_load_state()
        assert "secret" not in page.content()
        if page.url.endswith(TASK):
            expect(page.locator("#live")).to_have_text("Live")
            expect(comment_of(page)).to_have_value("")
    stored = page.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "draft:" in stored
    assert "secret" not in stored
    assert "WEB-1" not in stored


def test_log_out_on_its_own_page_ends_other_tabs(browser, studio):
    left_open = browser.as_("member")
    left_open.goto(TASK)
    type_into(comment_of(left_open), "A secret of the member")
    page = left_open.context.new_page()
    page.goto("/auth/logout/")
    page.get_by_role("button", name="Log out").click()
    left_open.wait_for_url("**/auth/login/**")
    assert "secret" not in left_open.content()


def test_deleted_user_leaves_no_open_page(browser, studio):
    left_open = browser.as_("member")
    left_open.goto(TASK)
    type_into(comment_of(left_open), "A secret of the member")
    page = left_open.context.new_page()
    page.goto("/auth/delete/")
    page.get_by_label("Your email address").fill(studio.people["member"].email)
    browser.expect("status of 400")
    for password in ("wrong", PASSWORD):
        page.get_by_label("Your password").fill(password)
        with page.expect_navigation():
            page.get_by_role("button", name="Delete your user").click()
    left_open.wait_for_url("**/auth/login/**")


def test_another_task_and_another_form_see_nothing(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    type_into(comment_of(page), "About the first task")
    page.goto("/tasks/WEB-2/")
    expect(page.locator("#live")).to_have_text("Live")
    expect(comment_of(page)).to_have_value("")
    expect(note(page)).to_have_count(0)
    page.goto("/projects/WEB/settings/")
    assert "About the first task" not in page.content()


def test_secrets_and_confirmations_are_not_kept(browser, studio):
    page = browser.as_("owner")
    for path, field in (("/tasks/WEB-1/delete/", "[name=key]"), ("/settings/danger/", "[name=name]")):
        page.goto(path)
        page.locator(f"#main {field}").fill("WEB")
    page.goto(TASK)
    type_into(comment_of(page), "The marker that something is kept")
    assert len(page.evaluate(STORED)) == 1


def test_old_drafts_are_removed_of_every_user(browser, studio):
    studio.act(
        create_comment, task=studio.act(create_task, project=make_project(studio, key="OLD"), title="x"), body="x"
    )
    page = browser.as_("member")
    page.goto(TASK)
    page.evaluate("localStorage.setItem('draft:other:1', `${Date.now() - 31 * 864e5}:AAAA`)")
    page.evaluate("localStorage.setItem('draft:other:2', `${Date.now() - 29 * 864e5}:AAAA`)")
    page.reload()
    page.wait_for_function("!localStorage.getItem('draft:other:1')")
    assert page.evaluate("localStorage.getItem('draft:other:2')")


def test_no_draft_is_stored_without_encryption(browser, studio):
    page = browser.as_("member")
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(TASK)
    comment_of(page).fill("Over plain HTTP")
    end_sessions()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(note(page)).to_contain_text("This browser cannot store your text")
    expect(comment_of(page)).to_have_value("Over plain HTTP")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft'))") == []

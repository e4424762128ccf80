"""Drafts: unsent text is stored on the device and restored."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from playwright.sync_api import expect

from tasks.actions.tasks import update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tests.browser.drafts import STORED, TASK, comment_of, comments, end_sessions, log_in, note, open_studio, type_into

pytestmark = pytest.mark.needs_program("browser")

ENDED = "Your session ended. Your text is stored on this device."
KEPT = "Your text is stored on this device."
RESTORED = "This draft was not sent. It is stored on this device."


@pytest.fixture
def studio(browser):
    return open_studio(browser)


def test_text_survives_the_end_of_the_session_while_typing(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    type_into(comment_of(page), "A long thought")
    end_sessions()
    expect(note(page)).to_contain_text("Your session has ended.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(note(page)).to_contain_text(KEPT)
    expect(comment_of(page)).to_have_value("A long thought")
    note(page).get_by_role("link", name="Log in").click()
    log_in(page, studio, "member")
    page.wait_for_url(f"**{TASK}")
    expect(comment_of(page)).to_have_value("A long thought")
    expect(note(page)).to_contain_text(ENDED)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#feed-list")).to_contain_text("A long thought")
    expect(comment_of(page)).to_have_value("")
    expect(note(page)).to_have_count(0)
    assert page.evaluate(STORED) == []
    assert comments(studio) == ["A long thought"]


def test_description_that_was_open_is_opened_again_after_log_in(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    type_into(page.locator("#task_description"), "Say goodbye.")
    end_sessions()
    page.get_by_role("button", name="Save").click()
    note(page).get_by_role("link", name="Log in").click()
    log_in(page, studio, "member")
    expect(page.locator("#task_description")).to_have_value("Say goodbye.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#task-text .prose")).to_have_text("Say goodbye.")


def test_text_survives_reload_and_log_out_without_a_question(browser, studio):
    page = browser.as_("member")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(TASK)
    type_into(comment_of(page), "Half a")
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    type_into(page.locator("#task_title"), "Half a title")
    page.reload()
    expect(comment_of(page)).to_have_value("Half a")
    expect(page.locator("#task_title")).to_have_value("Half a title")
    expect(note(page).first).to_contain_text(RESTORED)
    page.locator(".person-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/auth/login/**")
    page.goto(TASK)
    log_in(page, studio, "member")
    expect(comment_of(page)).to_have_value("Half a")
    expect(page.locator("#task_title")).to_have_value("Half a title")
    assert asked == []


def test_longest_description_is_kept(browser, studio):
    before, after = "版" * 50_000, "本" * 50_000  # three bytes each in UTF-8; what was there before is kept too
    with tenant_context(studio.tenant):
        Task.objects.filter(number=1).update(description=before)
    page = browser.as_("member")
    page.goto(TASK)
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    type_into(page.locator("#task_description"), after)
    page.reload()
    expect(note(page)).to_contain_text(RESTORED)
    expect(page.locator("#task_description")).to_have_value(after)


def test_text_survives_a_crash_of_the_tab(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    type_into(comment_of(page), "Before the crash")
    with page.expect_event("crash"):
        page.context.new_cdp_session(page).send("Page.navigate", {"url": "chrome://crash"})
    again = page.context.new_page()
    again.goto(TASK)
    expect(comment_of(again)).to_have_value("Before the crash")


@contextmanager
def unavailable(page):
    """Hold the lock that a write needs until the server answers with 503."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE projects_project IN EXCLUSIVE MODE")
        yield


@contextmanager
def offline(page):
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


@pytest.mark.parametrize(
    ("cause", "words", "complaints"),
    [
        (unavailable, "Temporarily unavailable", ["status of 503", "Error Code 503"]),
        (offline, "The server cannot be reached.", ["ERR_INTERNET", "htmx:sendError", "htmx:afterRequest"]),
    ],
)
def test_forms_stay_and_say_why_the_server_did_not_take_the_text(browser, studio, cause, words, complaints):
    page = browser.as_("member")
    page.goto(TASK)
    other = page.context.new_page()
    other.goto("/tasks/new/")
    type_into(comment_of(page), "Not yet")
    type_into(other.get_by_label("Title"), "A new task")
    for each in complaints:
        browser.expect(each)
    with cause(page):
        page.get_by_role("button", name="Comment", exact=True).click()
        other.get_by_role("button", name="Create task").click()
        for each in (page, other):
            expect(note(each)).to_contain_text(words)
            expect(note(each)).to_contain_text(KEPT)
    expect(comment_of(page)).to_have_value("Not yet")
    expect(other.get_by_label("Title")).to_have_value("A new task")
    other.get_by_role("button", name="Create task").click()
    expect(other.get_by_role("heading", name="A new task")).to_be_visible()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#feed-list")).to_contain_text("Not yet")
    expect(note(page)).to_have_count(0)
    assert page.evaluate(STORED) == []


@pytest.mark.parametrize("value", ["{", "null", '{"length": 1}', "[1, {}]", ""])
def test_text_is_kept_where_the_list_of_the_tab_is_broken(browser, studio, value):
    page = browser.as_("member")
    page.goto(TASK)
    page.evaluate("value => sessionStorage.setItem('drafts', value)", value)
    type_into(comment_of(page), "Kept all the same")
    page.reload()
    expect(comment_of(page)).to_have_value("Kept all the same")


def test_form_says_that_the_session_has_ended_where_all_cookies_are_gone(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    type_into(comment_of(page), "Without a cookie")
    page.context.clear_cookies()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(note(page)).to_contain_text("Your session has ended.")
    expect(note(page).get_by_role("link", name="Log in")).to_be_visible()
    expect(comment_of(page)).to_have_value("Without a cookie")


def test_text_is_discarded_by_a_button_and_by_cancelling(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    type_into(comment_of(page), "Not wanted")
    page.reload()
    note(page).get_by_role("button", name="Discard").click()
    expect(comment_of(page)).to_have_value("")
    expect(comment_of(page)).to_be_focused()
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    type_into(page.locator("#task_title"), "Not wanted either")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#task_title")).to_have_count(0)
    assert page.evaluate(STORED) == []
    page.reload()
    expect(page.get_by_role("heading", name="Write the welcome page")).to_be_visible()
    expect(page.locator("#task_title")).to_have_count(0)


def test_two_tabs_keep_a_text_each(browser, studio):
    page = browser.as_("member")
    other = page.context.new_page()
    for each, text in ((page, "Of the first tab"), (other, "Of the second tab")):
        each.goto(TASK)
        expect(comment_of(each)).to_have_value("")
        type_into(comment_of(each), text)
    for each, text in ((page, "Of the first tab"), (other, "Of the second tab")):
        each.reload()
        expect(comment_of(each)).to_have_value(text)
    comment_of(page).press("Control+Enter")
    expect(page.locator("#feed-list")).to_contain_text("Of the first tab")
    expect(comment_of(page)).to_have_value("")
    expect(comment_of(other)).to_have_value("Of the second tab")
    assert len(page.evaluate(STORED)) == 1


def test_text_typed_after_the_submit_stays(browser, studio):
    page = browser.as_("member")
    page.goto(TASK)
    on_their_way = []
    page.route("**/comments/", lambda route: on_their_way.append(route), times=1)
    type_into(comment_of(page), "First.")
    with page.expect_request("**/comments/"):
        page.get_by_role("button", name="Comment", exact=True).click()
    type_into(comment_of(page), "First. And a second one")
    on_their_way[0].continue_()
    expect(page.locator("#feed-list")).to_contain_text("First.")
    expect(comment_of(page)).to_have_value("And a second one")
    page.reload()
    expect(comment_of(page)).to_have_value("And a second one")
    assert comments(studio) == ["First."]


def test_refused_forms_that_lead_elsewhere_are_shown_in_place(browser, studio):
    page = browser.as_("admin")
    page.goto("/projects/WEB/settings/")
    type_into(page.locator("#id_description"), "About the site")
    page.locator("#id_name").fill(" ")
    browser.expect("status of 400")
    page.get_by_role("button", name="Save project").click()
    expect(page.locator("#main [aria-invalid=true]")).to_be_visible()
    page.reload()
    expect(page.locator("#id_description")).to_have_value("About the site")
    page.locator("#id_name").fill("Web")
    page.get_by_role("button", name="Save project").click()
    expect(page.locator(".notice")).to_be_visible()
    page.goto("/projects/WEB/settings/")
    expect(page.locator("#id_description")).to_have_value("About the site")
    assert page.evaluate(STORED) == []


def test_restored_text_does_not_overwrite_what_was_saved_meanwhile(browser, studio):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/text/")
    type_into(page.locator("#task_title"), "Of the member")
    with tenant_context(studio.tenant):
        task = Task.objects.select_related("project").get(number=1)
    studio.act(update_task, task=task, title="Of the owner")
    page.reload()
    expect(page.locator("#task_title")).to_have_value("Of the member")
    browser.expect("status of 409")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="This was changed while")).to_contain_text("Of the owner")
    expect(page.locator("#task_title")).to_have_value("Of the member")

"""Drafts: unsent text is stored encrypted on the device, for the member who typed it."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from playwright.sync_api import expect

from accounts.models import Session
from tasks.actions.comments import create_comment
from tasks.actions.tasks import create_task, update_task
from tasks.models import Comment, Task
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.browser.users import give_password
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

TASK = "/tasks/WEB-1/"
ENDED = "Your session ended. Your text is stored on this device."
KEPT = "Your text is stored on this device."
RESTORED = "This draft was not sent. It is stored on this device."
STORED = "Object.entries(localStorage).filter(([name]) => name.startsWith('draft:'))"


@pytest.fixture
def studio(browser):
    """The account, with the project WEB, two tasks, and members who can log in."""
    studio = browser.office
    project = make_project(studio, name="Website", key="WEB")
    for title in ("Write the welcome page", "Choose a picture"):
        studio.act(create_task, project=project, title=title, description="Say hello.")
    for person in studio.people.values():
        give_password(person)
    return studio


def comment_of(page):
    return page.get_by_label("Comment", exact=True)


def note(page):
    return page.locator(".draft-note")


def type_into(field, text):
    """Type text, and wait until the draft is stored."""
    page = field.page
    before = page.evaluate(STORED)
    field.fill(text)
    page.wait_for_function(f"before => JSON.stringify({STORED}) !== JSON.stringify(before)", arg=before)


def log_in(page, studio, role):
    page.get_by_label("Email").fill(studio.people[role].email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def end_sessions():
    Session.objects.all().delete()


def comments(studio):
    with tenant_context(studio.tenant):
        return list(Comment.objects.order_by("created_at").values_list("body", flat=True))


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

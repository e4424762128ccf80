"""The task in a browser: in the panel, by keyboard alone, without scripts, and with two users."""

import pytest
from playwright.sync_api import expect

from projects.models import Project
from tasks.actions.comments import create_comment
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import update_task
from tenancy.context import tenant_context
from tests.browser.tasks import open_panel, panel, task_of
from tests.browser.users import FITS

pytestmark = pytest.mark.needs_program("browser")

PAGES = ["/tasks/WEB-1/", "/tasks/WEB-1/text/", "/my-tasks/", "/search/?q=welcome", "/tasks/new/"]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsversicherungsbedingungen " * 3
RTL = "صفحة الدفع: اختبار العنوان ورقم الهاتف"


def test_task_opens_in_the_panel_with_its_own_url(browser, studio):
    page = browser.as_("member")
    open_panel(page)
    assert page.url.endswith("/tasks/WEB-1/")
    expect(page).to_have_title(f"WEB-1 Write the welcome page · {studio.tenant.name}")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert page.url.endswith("/projects/WEB/")
    expect(page.locator("a.card[href='/tasks/WEB-1/']")).to_be_focused()
    page.go_forward()
    expect(panel(page).get_by_role("heading", name="Write the welcome page")).to_be_visible()
    page.go_back()
    expect(panel(page)).to_be_hidden()
    page.go_forward()
    page.reload()
    expect(page.locator("main #task")).to_be_visible()


def test_change_in_the_panel_appears_on_the_board(browser, studio):
    page = browser.as_("member")
    open_panel(page)
    panel(page).locator("#facts summary").nth(1).click()
    panel(page).get_by_role("button", name="Urgent").click()
    expect(page.locator("a.card[href='/tasks/WEB-1/'] .priority-urgent")).to_be_visible()
    expect(panel(page).locator("#feed-list")).to_contain_text("set the priority to Urgent")
    panel(page).get_by_role("button", name="Complete").click()
    expect(panel(page).get_by_role("button", name="Reopen")).to_be_visible()


def test_two_people_edit_the_same_text_and_nothing_is_lost(browser, studio):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/text/")
    page.locator("#task_title").fill("What the member wrote")
    studio.act(update_task, task=task_of(studio), title="What the owner wrote")
    browser.expect("status of 409")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="This was changed while")).to_contain_text("What the owner wrote")
    expect(page.locator("#task_title")).to_have_value("What the member wrote")
    page.get_by_role("button", name="Save my text instead").click()
    expect(page.get_by_role("heading", name="What the member wrote")).to_be_visible()


def test_live_updates_keep_text_being_written(browser, studio):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    expect(page.locator("#live")).to_have_text("Live")
    page.get_by_label("Comment").fill("A long thou")
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    page.locator("#task_description").fill("Not saved yet")
    studio.act(update_task, task=task_of(studio), priority="high", title="Of the owner")
    studio.act(create_comment, task=task_of(studio), body="Of the owner, too")
    expect(page.locator("#facts")).to_contain_text("High")
    expect(page.locator("#feed-list")).to_contain_text("Of the owner, too")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("A long thou")
    expect(page.locator("#task_description")).to_have_value("Not saved yet")


def test_keyboard_alone_is_sufficient(browser, studio):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    keys = page.keyboard
    keys.press("j")
    keys.press("j")
    expect(page.locator("a.card[href='/tasks/WEB-2/']")).to_be_focused()
    keys.press("k")
    keys.press("Enter")
    expect(panel(page).locator("#task")).to_be_visible()
    keys.press("e")
    expect(page.locator("#task_title")).to_be_focused()
    keys.press("Control+a")
    keys.type("Typed")
    keys.press("Enter")
    expect(panel(page).get_by_role("heading", name="Typed")).to_be_visible()
    keys.press("x")
    expect(panel(page).get_by_role("button", name="Reopen")).to_be_visible()
    keys.press("Escape")
    expect(panel(page)).to_be_hidden()
    keys.press("c")
    expect(page.locator("#new-task [name=title]")).to_be_focused()
    keys.press("Escape")
    keys.press("/")
    expect(page.get_by_label("Words")).to_be_visible()


def test_at_sign_suggests_members_that_the_keyboard_selects(browser, studio):
    owner = studio.people["owner"]
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    field = page.get_by_label("Comment", exact=True)
    field.press_sequentially(f"Hello @{owner.name[:3]}")
    expect(page.get_by_role("listbox")).to_contain_text(owner.email)
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"Hello @{owner.get_full_name()} ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#feed-list")).to_contain_text("Hello @")
    expect(field).to_have_value("")


def test_shortcuts_are_listed_and_can_be_switched_off(browser, studio):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Shortcuts")
    expect(dialog).to_contain_text("Next and previous task")
    dialog.get_by_role("switch").click()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    expect(page.locator("a.card:focus")).to_have_count(0)
    page.reload()
    page.locator(".person-menu summary").click()
    page.get_by_role("button", name="Shortcuts").click()
    dialog.get_by_role("switch").click()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("a.card:focus")).to_have_count(1)


def test_shortcuts_do_nothing_while_the_user_types(browser, studio):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    field = page.get_by_label("Comment", exact=True)
    field.press_sequentially("exc/?j")
    expect(field).to_have_value("exc/?j")
    expect(page.get_by_role("button", name="Complete")).to_be_visible()


def test_task_page_works_without_javascript(browser, studio):
    page = browser.as_("member", javascript=False)
    page.goto("/tasks/WEB-1/")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("#task_title").fill("Without scripts")
    page.get_by_role("button", name="Preview").first.click()
    expect(page.locator(".preview strong")).to_have_text("hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Without scripts")).to_be_visible()
    page.locator("#facts summary").nth(1).click()
    page.get_by_role("button", name="High").click()
    expect(page.locator("#facts")).to_contain_text("High")
    page.get_by_label("Title of the new subtask").fill("A subtask")
    page.get_by_role("button", name="Add subtask").click()
    page.get_by_role("checkbox", name="A subtask").click()
    expect(page.get_by_text("1 of 1")).to_be_visible()
    page.get_by_label("Comment", exact=True).fill("Said **so**")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment strong", has_text="so")).to_be_visible()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def test_missing_network_is_shown(browser, studio):
    page = browser.as_("member")
    page.goto("/my-tasks/")
    expect(page.get_by_text("You are offline.")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_be_hidden()


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/WEB-1/",
        "/tasks/WEB-1/text/",
        "/my-tasks/",
        "/inbox/",
        "/search/?q=welcome",
        "/tasks/new/",
        "/projects/WEB/?view=list",
    ],
)
def test_pages_fit_with_long_words_and_arabic(browser, studio, path):
    with tenant_context(studio.tenant):
        Project.objects.update(name=LONG[:200])
    assignees = [studio.membership("member")]
    studio.act(update_task, task=task_of(studio), title=f"{RTL} welcome {LONG}", assignees=assignees)
    studio.act(create_subtask, task=task_of(studio), title=LONG)
    studio.act(create_comment, task=task_of(studio), body=f"{LONG} `{'x' * 200}` {RTL}")
    page = browser.as_("member")
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path)
        assert page.evaluate(FITS), f"At {width} px the page scrolls sideways."


def test_a_file_is_attached_by_choosing_it_and_by_dropping_it(browser, studio):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Some notes."}
    page.locator("#new-file").set_input_files(files=[file])
    page.get_by_role("button", name="Attach").click()
    expect(page.locator("#files")).to_contain_text("notes.txt")
    page.evaluate(
        """() => {
          const carrier = new DataTransfer();
          for (const name of ["one.txt", "two.txt"]) carrier.items.add(new File(["Dropped."], name));
          const drop = new DragEvent("drop", { dataTransfer: carrier, bubbles: true, cancelable: true });
          document.querySelector("#task-text").dispatchEvent(drop);
        }"""
    )
    expect(page.locator("#files")).to_contain_text("one.txt")
    expect(page.locator("#files")).to_contain_text("two.txt")


def test_opening_a_task_from_the_inbox_marks_it_as_read(browser, studio):
    for number in (1, 2, 3):
        studio.act(update_task, task=task_of(studio, number), assignees=[studio.membership("member")])
    page = browser.as_("member")
    page.goto("/inbox/")
    expect(page.locator(".row-unread")).to_have_count(3)
    page.get_by_role("link", name="Choose a picture").click()
    expect(panel(page).locator("#task")).to_be_visible()
    expect(page.locator(".row-unread")).to_have_count(2)
    expect(page.locator("#inbox-link")).to_contain_text("2 unread")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    page.get_by_role("button", name="Mark as read: Ask the printer").click()
    expect(page.locator(".row-unread")).to_have_count(1)
    expect(page.get_by_role("button", name="Mark as read: Write the welcome page")).to_be_focused()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".row-unread")).to_have_count(0)
    expect(page.locator("#inbox-link")).not_to_contain_text("unread")


def test_task_opened_from_the_inbox_is_readable_on_a_phone(browser, studio):
    studio.act(update_task, task=task_of(studio), assignees=[studio.membership("member")])
    page = browser.as_("member", width=390)
    page.goto("/inbox/")
    page.get_by_role("link", name="Write the welcome page").click()
    page.wait_for_url("**/tasks/WEB-1/")
    page.goto("/inbox/?show=unread")
    expect(page.get_by_text("No unread notifications.")).to_be_visible()

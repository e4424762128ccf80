"""The task in a browser: beside the board, by keyboard alone, without scripts, and with two people at it."""

import re

import pytest
from playwright.sync_api import expect

from projects.models import Project
from tasks.actions import create_comment, create_subtask, create_task, update_task
from tenancy.context import tenant_context
from tests.browser.people import FITS
from tests.browser.touch import Finger

pytestmark = pytest.mark.needs_program("browser")

PAGES = ["/tasks/WEB-1/", "/tasks/WEB-1/text/", "/my-tasks/", "/search/?q=welcome", "/tasks/new/"]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsversicherungsbedingungen " * 3
RTL = "صفحة الدفع: اختبار العنوان ورقم الهاتف"


@pytest.fixture
def studio(browser):
    """The account, with the project WEB and three tasks in it."""
    studio = browser.office
    project = studio.make_project(name="Website", key="WEB")
    for title in ("Write the welcome page", "Choose a picture", "Ask the printer"):
        studio.act(create_task, project=project, title=title, description="Say **hello**.")
    return studio


def task_of(studio, number=1):
    from tasks.models import Task

    with tenant_context(studio.tenant):
        return Task.objects.select_related("project", "status").get(number=number)


def panel(page):
    return page.locator("#panel")


def open_panel(page, number=1):
    page.goto("/projects/WEB/")
    page.locator(f"a.card[href='/tasks/WEB-{number}/']").click()
    expect(panel(page).locator("#task")).to_be_visible()


def test_the_task_opens_beside_the_board_under_its_own_address(browser, studio):
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


def test_subtasks_are_reordered_by_keyboard_and_by_dragging(browser, studio):
    for title in "ABC":
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    titles = page.locator(".subtask-title")
    summary = page.get_by_label("Change “C”")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Up").last.focus()
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["A", "C", "B"])
    page.keyboard.press("Escape")
    titles.get_by_text("B", exact=True).drag_to(titles.get_by_text("A", exact=True), target_position={"x": 2, "y": 1})
    expect(titles).to_have_text(["B", "A", "C"])


def subtasks(page):
    """Return the list without the copy that follows the pointer."""
    return page.locator("#subtask-list .subtask")


def follow_two_subtasks(browser, studio, *roles):
    """Return the page of a task with the subtasks "First" and "Second", live, for a user of each role."""
    for title in ("First", "Second"):
        studio.act(create_subtask, task=task_of(studio), title=title)
    pages = [browser.as_(role) for role in roles]
    for page in pages:
        page.goto("/tasks/WEB-1/")
        expect(page.locator("#live")).to_have_text("Live")
    return pages


def carry(page, title):
    """Take a subtask, and hold it above the first one."""
    page.locator(".subtask-title", has_text=title).hover()
    page.mouse.down()
    top = page.locator(".subtask").first.bounding_box()
    page.mouse.move(top["x"] + 40, top["y"] + 2, steps=5)
    expect(subtasks(page).first).to_have_class(re.compile("drag-gap"))


def test_live_updates_wait_until_a_subtask_is_dropped(browser, studio):
    page, other = follow_two_subtasks(browser, studio, "member", "viewer")
    carry(page, "Second")
    studio.act(create_subtask, task=task_of(studio), title="Of the owner")
    studio.act(update_task, task=task_of(studio), title="Of the owner, too")
    expect(other.locator(".subtask-title")).to_have_text(["First", "Second", "Of the owner"])
    expect(other.get_by_role("heading", name="Of the owner, too")).to_be_visible()
    expect(page.locator("#subtask-list .subtask-title")).to_have_text(["Second", "First"])
    page.mouse.up()
    expect(page.locator(".subtask-title")).to_have_text(["Second", "First", "Of the owner"])
    expect(page.get_by_role("heading", name="Of the owner, too")).to_be_visible()


def test_update_requested_before_a_drag_waits(browser, studio):
    (page,) = follow_two_subtasks(browser, studio, "member")
    on_its_way = []
    page.route("**/tasks/WEB-1/", lambda route: on_its_way.append(route), times=1)
    with page.expect_request("**/tasks/WEB-1/"):
        studio.act(create_subtask, task=task_of(studio), title="Of the owner")
    carry(page, "Second")
    with page.expect_response("**/tasks/WEB-1/"):
        on_its_way[0].continue_()
    expect(subtasks(page).first).to_have_class(re.compile("drag-gap"))
    page.mouse.up()
    expect(page.locator(".subtask-title")).to_have_text(["Second", "First", "Of the owner"])


def test_live_updates_wait_between_press_and_drag(browser, studio):
    page, other = follow_two_subtasks(browser, studio, "member", "viewer")
    page.locator(".subtask-title", has_text="Second").hover()
    page.mouse.down()
    for number in (3, 4):
        studio.act(create_subtask, task=task_of(studio), title="Of the owner")
        expect(other.locator(".subtask-title")).to_have_count(number)
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second"])
    page.mouse.up()  # nothing was dragged
    expect(page.locator(".subtask-title")).to_have_count(4)


def test_a_drag_that_is_broken_off_changes_nothing_and_holds_nothing(browser, studio):
    (page,) = follow_two_subtasks(browser, studio, "member")
    carry(page, "Second")
    page.keyboard.press("Escape")
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second"])
    page.mouse.up()
    studio.act(create_subtask, task=task_of(studio), title="Of the owner")
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second", "Of the owner"])


def test_escape_ends_a_drag_and_leaves_the_panel_open(browser, studio):
    for title in ("First", "Second"):
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member")
    open_panel(page)
    carry(page, "Second")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second"])
    expect(panel(page)).to_be_visible()


def test_subtask_is_dragged_to_the_end_in_the_panel(browser, studio):
    for title in "ABC":
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member")
    open_panel(page)
    page.locator(".subtask-title", has_text="A").hover()
    page.mouse.down()
    last = page.locator(".subtask").last.bounding_box()
    page.mouse.move(last["x"] + 40, last["y"] + last["height"] - 2, steps=5)
    page.mouse.up()
    expect(page.locator(".subtask-title")).to_have_text(["B", "C", "A"])
    page.reload()
    expect(page.locator(".subtask-title")).to_have_text(["B", "C", "A"])


def test_subtask_goes_back_when_the_server_refuses_the_move(browser, studio):
    (page,) = follow_two_subtasks(browser, studio, "member")
    page.route("**/move/", lambda route: route.fulfill(status=409, body="<!doctype html><main><h1>No</h1>"))
    browser.expect("status of 409")
    carry(page, "Second")
    page.mouse.up()
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second"])
    studio.act(create_subtask, task=task_of(studio), title="Of the owner")
    expect(page.locator(".subtask-title")).to_have_text(["First", "Second", "Of the owner"])


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + 40, box["y"] + box["height"] / 2


def test_subtask_is_dragged_by_touch_after_a_long_press(browser, studio):
    for title in "ABC":
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member", touch=True)
    page.goto("/tasks/WEB-1/")
    finger = Finger(page)
    first, last = middle(subtasks(page).first), middle(subtasks(page).last)
    finger.press(*last)
    expect(subtasks(page).last).to_have_class(re.compile("drag-gap"))  # the press was long enough
    finger.move(first[0], first[1] + 2)
    finger.move(first[0], first[1] - 4)
    finger.lift()
    expect(page.locator(".subtask-title")).to_have_text(["C", "A", "B"])
    page.reload()
    expect(page.locator(".subtask-title")).to_have_text(["C", "A", "B"])


def test_swipe_over_subtasks_moves_none(browser, studio):
    for title in "ABC":
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member", touch=True)
    page.goto("/tasks/WEB-1/")
    finger = Finger(page)
    first, last = middle(subtasks(page).first), middle(subtasks(page).last)
    finger.press(*last)
    finger.move(last[0], last[1] - 10)
    finger.move(*first)
    finger.lift()
    studio.act(create_subtask, task=task_of(studio), title="D")
    expect(page.locator(".subtask-title")).to_have_text(["A", "B", "C", "D"])


def test_an_at_suggests_people_and_the_keyboard_chooses(browser, studio):
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


def test_a_phone_reads_what_it_leaves_the_inbox_for(browser, studio):
    studio.act(update_task, task=task_of(studio), assignees=[studio.membership("member")])
    page = browser.as_("member", width=390)
    page.goto("/inbox/")
    page.get_by_role("link", name="Write the welcome page").click()
    page.wait_for_url("**/tasks/WEB-1/")
    page.goto("/inbox/?show=unread")
    expect(page.get_by_text("No unread notifications.")).to_be_visible()

"""The task in a browser: beside the board, by keyboard alone, without scripts, and with two people at it."""

import pytest
from playwright.sync_api import expect

from projects.models import Project
from tasks.actions import create_comment, create_subtask, create_task, update_task
from tenancy.context import tenant_context

pytestmark = pytest.mark.needs_program("browser")

PAGES = ["/tasks/WEB-1/", "/tasks/WEB-1/text/", "/my-tasks/", "/search/?q=welcome", "/tasks/new/"]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsversicherungsbedingungen " * 3
RTL = "صفحة الدفع: اختبار العنوان ورقم الهاتف"


@pytest.fixture
def office(browser):
    """The account, with the project WEB and three tasks in it."""
    office = browser.office
    project = office.make_project(name="Website", key="WEB")
    for title in ("Write the welcome page", "Choose a picture", "Ask the printer"):
        office.act(create_task, project=project, title=title, description="Say **hello**.")
    return office


def task_of(office, number=1):
    from tasks.models import Task

    with tenant_context(office.tenant):
        return Task.objects.select_related("project", "status").get(number=number)


def panel(page):
    return page.locator("#panel")


def open_panel(page, number=1):
    page.goto("/projects/WEB/")
    page.locator(f"a.card[href='/tasks/WEB-{number}/']").click()
    expect(panel(page).locator("#task")).to_be_visible()


def test_the_task_opens_beside_the_board_under_its_own_address(browser, office):
    page = browser.as_("member")
    open_panel(page)
    assert page.url.endswith("/tasks/WEB-1/")
    expect(page).to_have_title(f"WEB-1 Write the welcome page · {office.tenant.name}")
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


def test_what_is_changed_in_the_panel_is_changed_on_the_board(browser, office):
    page = browser.as_("member")
    open_panel(page)
    panel(page).locator("#facts summary").nth(1).click()
    panel(page).get_by_role("button", name="Urgent").click()
    expect(page.locator("a.card[href='/tasks/WEB-1/'] .priority-urgent")).to_be_visible()
    expect(panel(page).locator("#feed-list")).to_contain_text("set the priority to Urgent")
    panel(page).get_by_role("button", name="Complete").click()
    expect(panel(page).get_by_role("button", name="Reopen")).to_be_visible()


def test_two_people_edit_the_same_text_and_nothing_is_lost(browser, office):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/text/")
    page.get_by_label("Title").fill("What the member wrote")
    office.act(update_task, task=task_of(office), title="What the owner wrote")
    browser.expect("status of 409")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="Somebody changed this")).to_contain_text("What the owner wrote")
    expect(page.get_by_label("Title", exact=True)).to_have_value("What the member wrote")
    page.get_by_role("button", name="Save my text instead").click()
    expect(page.get_by_role("heading", name="What the member wrote")).to_be_visible()


def test_what_somebody_writes_is_left_alone_by_live_updates(browser, office):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    expect(page.locator("#live")).to_have_text("Live")
    page.get_by_label("Comment").fill("A long thou")
    page.locator("#task-text").get_by_role("link", name="Edit").click()
    page.get_by_label("Description").fill("Not saved yet")
    office.act(update_task, task=task_of(office), priority="high", title="Of the owner")
    office.act(create_comment, task=task_of(office), body="Of the owner, too")
    expect(page.locator("#facts")).to_contain_text("High")
    expect(page.locator("#feed-list")).to_contain_text("Of the owner, too")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("A long thou")
    expect(page.get_by_label("Description")).to_have_value("Not saved yet")


def test_everything_can_be_done_by_keyboard(browser, office):
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
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
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


def test_subtasks_are_reordered_by_keyboard_and_by_dragging(browser, office):
    for title in "ABC":
        office.act(create_subtask, task=task_of(office), title=title)
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
    page.locator(".subtask", has_text="B").drag_to(
        page.locator(".subtask", has_text="A"), target_position={"x": 90, "y": 2}
    )
    expect(titles).to_have_text(["B", "A", "C"])


def test_an_at_suggests_people_and_the_keyboard_chooses(browser, office):
    owner = office.people["owner"]
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


def test_shortcuts_are_listed_and_can_be_switched_off(browser, office):
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


def test_shortcuts_do_nothing_while_somebody_types(browser, office):
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    field = page.get_by_label("Comment", exact=True)
    field.press_sequentially("exc/?j")
    expect(field).to_have_value("exc/?j")
    expect(page.get_by_role("button", name="Complete")).to_be_visible()


def test_it_all_works_without_scripts(browser, office):
    page = browser.as_("member", javascript=False)
    page.goto("/tasks/WEB-1/")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Title", exact=True).fill("Without scripts")
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


def test_that_there_is_no_network_is_said(browser, office):
    page = browser.as_("member")
    page.goto("/my-tasks/")
    expect(page.get_by_text("You are offline.")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_be_hidden()


@pytest.mark.parametrize(
    "path", ["/tasks/WEB-1/", "/tasks/WEB-1/text/", "/my-tasks/", "/search/?q=welcome", "/tasks/new/"]
)
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_pages_fit_with_long_words_and_arabic(browser, office, path, width):
    with tenant_context(office.tenant):
        Project.objects.update(name=LONG[:200])
    assignees = [office.membership("member")]
    office.act(update_task, task=task_of(office), title=f"{RTL} welcome {LONG}", assignees=assignees)
    office.act(create_subtask, task=task_of(office), title=LONG)
    office.act(create_comment, task=task_of(office), body=f"{LONG} `{'x' * 200}` {RTL}")
    page = browser.as_("member", width=width)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "The page scrolls sideways."

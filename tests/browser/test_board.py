"""The board in real browsers: drag and drop, live updates, keyboard, no scripts, lost connections."""

import re

import pytest
from playwright.sync_api import expect

from projects.models import Status
from tasks.actions.progress import move_task
from tasks.actions.tasks import create_task, update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tests.browser.touch import Finger
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")


@pytest.fixture
def project(office):
    return make_project(office, name="Website", key="WEB")


@pytest.fixture
def tasks(office, project):
    """WEB-1 to WEB-3 in the column “To do”."""
    return [office.act(create_task, project=project, title=title) for title in ("One", "Two", "Three")]


def status(office, project, name):
    with tenant_context(office.tenant):
        return Status.objects.get(project=project, name=name)


def column(page, name):
    return page.get_by_role("region", name=re.compile(f"^{name}"))


def titles(page, name):
    return column(page, name).locator(".card-title")


def open_board(page, query=""):
    page.goto(f"/projects/WEB/{query}")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def drag(page, title, onto):
    """Drag the card of a title to the upper half of something."""
    card, target = page.locator(".card", has_text=title).bounding_box(), onto.bounding_box()
    page.mouse.move(card["x"] + 40, card["y"] + 20)
    page.mouse.down()
    page.mouse.move(card["x"] + 60, card["y"] + 30)
    page.mouse.move(target["x"] + 60, target["y"] + 10, steps=4)
    page.mouse.up()


def test_a_card_is_dragged_and_others_see_it(browser, tasks):
    one, two = browser.as_("owner"), browser.as_("member")
    open_board(one)
    open_board(two)
    drag(one, "Three", column(one, "To do").locator(".card").first)
    for page in (one, two):
        expect(titles(page, "To do")).to_have_text(["Three", "One", "Two"])
    drag(one, "Two", column(one, "Done").get_by_role("heading"))
    for page in (one, two):
        expect(titles(page, "Done")).to_have_text(["Two"])
        expect(column(page, "To do").locator(".column-count")).to_have_text("2")
    expect(one).to_have_url(re.compile("/projects/WEB/$"))  # the card was not opened


def test_card_is_dragged_by_touch_after_a_long_press(browser, tasks):
    page = browser.as_("owner", touch=True)
    open_board(page)
    card, done = page.locator(".card", has_text="Three").bounding_box(), column(page, "Done").bounding_box()
    finger = Finger(page)
    finger.press(card["x"] + 40, card["y"] + 20)
    expect(page.locator(".column .drag-gap")).to_contain_text("Three")
    finger.move(card["x"] + 60, card["y"] + 20)
    finger.move(done["x"] + 60, done["y"] + 20)
    finger.lift()
    expect(titles(page, "Done")).to_have_text(["Three"])
    expect(titles(page, "To do")).to_have_text(["One", "Two"])
    expect(page).to_have_url(re.compile("/projects/WEB/$"))  # the card was not opened


def test_live_updates_arrive_after_a_drag(browser, office, project, tasks):
    page = browser.as_("member")
    open_board(page)
    drag(page, "Three", column(page, "Done").get_by_role("heading"))
    expect(column(page, "Done").locator(".column-count")).to_have_text("1")  # the server has answered
    office.act(create_task, project=project, title="Of the owner")
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Of the owner"])


def test_live_updates_wait_while_the_pointer_is_down(browser, office, tasks):
    page, other = browser.as_("member"), browser.as_("viewer")
    for each in (page, other):
        open_board(each)
    card = page.locator(".card", has_text="Three").bounding_box()
    page.mouse.move(card["x"] + 40, card["y"] + 20)
    page.mouse.down()
    office.act(update_task, task=tasks[2], title="Third")
    expect(titles(other, "To do")).to_have_text(["One", "Two", "Third"])
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Three"])
    page.mouse.up()
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Third"])


def test_members_without_access_receive_no_live_update(browser, office, tasks):
    secret = make_project(office, name="Secret", key="SEC", private=True)
    page = browser.as_("member")
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    open_board(page)
    office.act(create_task, project=secret, title="Hush")
    office.act(update_task, task=tasks[0], title="Seen")
    expect(titles(page, "To do").first).to_have_text("Seen")
    assert not any("Hush" in str(frame) for frame in frames)
    browser.expect("status of 404")
    assert page.goto("/projects/SEC/").status == 404


def test_a_card_is_moved_with_the_keyboard_alone(browser, tasks):
    page, other = browser.as_("owner"), browser.as_("member")
    open_board(page)
    open_board(other)
    page.locator(".card", has_text="One").focus()
    page.keyboard.press("Space")
    expect(page.locator("#announcer")).to_contain_text("WEB-1 is grabbed: 1 of 3 in To do.")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcer")).to_contain_text("WEB-1: 1 of 1 in In progress")
    page.keyboard.press("Space")
    for each in (page, other):
        expect(titles(each, "In progress")).to_have_text(["One"])
    expect(page.locator(".card", has_text="One")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.locator("#announcer")).to_contain_text("WEB-1 is back in its place")
    expect(titles(page, "In progress")).to_have_text(["One"])


def test_card_returns_when_the_server_refuses_the_move(browser, office, tasks):
    page = browser.as_("owner")
    open_board(page)
    page.context.route("**/place/**", lambda route: route.fulfill(status=409, body="<!doctype html><main><h1>No</h1>"))
    browser.expect("status of 409")
    drag(page, "Three", column(page, "Done").get_by_role("heading"))
    expect(page.locator(".toast").first).to_be_visible()
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Three"])
    expect(titles(page, "Done")).to_have_count(0)


def test_board_is_complete_without_duplicates_after_a_reconnect(browser, office, project, tasks):
    page = browser.as_("member")
    open_board(page)
    page.context.set_offline(True)
    expect(page.locator("#live")).to_have_attribute("data-state", "offline")
    office.act(move_task, task=tasks[0], status=status(office, project, "Done"))
    office.act(update_task, task=tasks[1], title="Second")
    office.act(create_task, project=project, title="Four")
    page.context.set_offline(False)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(titles(page, "To do")).to_have_text(["Second", "Three", "Four"])
    expect(titles(page, "Done")).to_have_text(["One"])


def test_live_updates_keep_typed_text(browser, office, project, tasks):
    page = browser.as_("member")
    open_board(page)
    column(page, "To do").get_by_text("Add task").click()
    expect(column(page, "To do").locator("[name=title]")).to_be_focused()
    page.keyboard.type("Half a ti")
    office.act(create_task, project=project, title="Four")
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Three", "Four"])
    page.keyboard.type("tle")
    page.keyboard.press("Enter")
    expect(titles(page, "To do").last).to_have_text("Half a title")
    expect(page.locator("[name=title]:focus")).to_have_value("")


def test_a_row_is_edited_in_the_list(browser, office, tasks):
    page, other = browser.as_("member"), browser.as_("owner")
    open_board(page, "?view=list")
    open_board(other, "?view=list")
    page.get_by_role("link", name="Edit WEB-1").click()
    office.act(update_task, task=tasks[1], title="Second")
    expect(page.locator(".list-title", has_text="Second")).to_be_visible()
    page.locator(".row-form [name=title]").fill("First")
    page.keyboard.press("Enter")
    for each in (page, other):
        expect(each.locator(".list-title").first).to_have_text("First")


def test_board_works_without_javascript(browser, office, tasks):
    page = browser.as_("member", javascript=False)
    page.goto("/projects/WEB/")
    column(page, "To do").get_by_text("Add task").click()
    column(page, "To do").get_by_role("textbox").fill("Four")
    column(page, "To do").get_by_role("button", name="Add").click()
    expect(titles(page, "To do")).to_have_text(["One", "Two", "Three", "Four"])
    page.get_by_role("link", name="Move WEB-4").click()
    page.get_by_role("button", name="Done").click()
    expect(titles(page, "Done")).to_have_text(["Four"])
    page.get_by_role("link", name="List").click()
    page.get_by_role("link", name="Edit WEB-1").click()
    page.get_by_label("Title").fill("First")
    page.get_by_role("button", name="Save task").click()
    expect(page.locator(".list-title").first).to_have_text("First")


@pytest.fixture
def long_column(office, project):
    """“To do” has 120 tasks."""
    todo = status(office, project, "To do")
    with tenant_context(office.tenant):
        Task.objects.bulk_create(
            Task(project=project, number=number + 1, title=f"Task {number:03}", status=todo, rank=f"b{number:03}")
            for number in range(120)
        )


def test_more_cards_of_a_long_column_are_loaded_on_scroll_and_stay(browser, office, long_column):
    one = browser.as_("owner")
    open_board(one)
    expect(titles(one, "To do")).to_have_count(50)
    expect(column(one, "To do").locator(".column-count")).to_have_text("120")
    for cards in (100, 120):
        titles(one, "To do").last.scroll_into_view_if_needed()
        expect(titles(one, "To do")).to_have_count(cards)
        one.mouse.wheel(0, 10000)
    # A change of a card that was loaded later.
    with tenant_context(office.tenant):
        last = Task.objects.get(title="Task 119")
    office.act(update_task, task=last, title="The last one")
    expect(titles(one, "To do").last).to_have_text("The last one")
    expect(titles(one, "To do")).to_have_count(120)
    drag(one, "The last one", titles(one, "To do").nth(117))
    expect(titles(one, "To do").last).to_have_text("Task 118")
    expect(one.locator(".card-busy")).to_have_count(0)
    expect(titles(one, "To do")).to_have_count(120)


def test_cards_whose_end_comes_into_view_during_a_drag_are_loaded_after_it(browser, long_column):
    page = browser.as_("owner")
    open_board(page)
    titles(page, "To do").nth(40).scroll_into_view_if_needed()
    box = page.locator(".card", has_text="Task 040").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(column(page, "To do")).to_have_attribute("data-cards", "100")
    expect(titles(page, "To do")).to_have_count(50)
    page.mouse.up()
    expect(titles(page, "To do")).to_have_count(100)
    expect(page.locator(".card-busy")).to_have_count(0)


def test_cards_are_loaded_again_after_a_failed_request(browser, long_column):
    browser.expect("status of 503")
    browser.expect("Error Code 503")
    page = browser.as_("owner")
    open_board(page)
    failed = []

    def fail_once(route):
        failed.append(route.request.url)
        route.continue_() if len(failed) > 1 else route.fulfill(status=503)

    page.route(re.compile("/parts/"), fail_once)
    titles(page, "To do").last.scroll_into_view_if_needed()
    page.mouse.wheel(0, 10000)
    expect(titles(page, "To do")).to_have_count(100)
    assert len(failed) > 1

"""The subtasks of a task in a browser: reordered by keyboard, mouse and touch, with live updates meanwhile."""

import re

import pytest
from playwright.sync_api import expect

from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import update_task
from tests.browser.tasks import open_panel, panel, task_of
from tests.browser.touch import Finger

pytestmark = pytest.mark.needs_program("browser")


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


def test_cancelled_drag_changes_nothing_and_releases_live_updates(browser, studio):
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


def press_last_of_three(browser, studio):
    """Put a finger on the last of the subtasks A, B and C. Return the page, the finger and two places."""
    for title in "ABC":
        studio.act(create_subtask, task=task_of(studio), title=title)
    page = browser.as_("member", touch=True)
    page.goto("/tasks/WEB-1/")
    finger = Finger(page)
    first, last = middle(subtasks(page).first), middle(subtasks(page).last)
    finger.press(*last)
    return page, finger, first, last


def test_subtask_is_dragged_by_touch_after_a_long_press(browser, studio):
    page, finger, first, _last = press_last_of_three(browser, studio)
    expect(subtasks(page).last).to_have_class(re.compile("drag-gap"))  # the press was long enough
    finger.move(first[0], first[1] + 2)
    finger.move(first[0], first[1] - 4)
    finger.lift()
    expect(page.locator(".subtask-title")).to_have_text(["C", "A", "B"])
    page.reload()
    expect(page.locator(".subtask-title")).to_have_text(["C", "A", "B"])


def test_swipe_over_subtasks_moves_none(browser, studio):
    page, finger, first, last = press_last_of_three(browser, studio)
    finger.move(last[0], last[1] - 10)
    finger.move(*first)
    finger.lift()
    studio.act(create_subtask, task=task_of(studio), title="D")
    expect(page.locator(".subtask-title")).to_have_text(["A", "B", "C", "D"])

"""Browsers show dates in the time zone that the user has chosen, not in that of the browser."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tasks.actions.tasks import create_task, update_task
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"  # UTC-11 and UTC+14: never on the same day


def day_in_the_west():
    return datetime.now(ZoneInfo(WEST)).date()


def choose(page, zone):
    page.goto("/auth/")
    page.get_by_label("Time zone").select_option(zone)
    page.get_by_role("button", name="Save the time zone").click()
    expect(page.get_by_text("Your time zone was saved.")).to_be_visible()


def test_a_task_is_due_today_in_the_west_and_late_in_the_east(office, browser):
    project = make_project(office, name="Website", key="WEB")
    task = office.act(create_task, project=project, title="One")
    west, east = browser.as_("owner"), browser.as_("member")
    choose(west, WEST)
    choose(east, EAST)
    shown, today = "", None
    while today != day_in_the_west():  # unless midnight was in between
        today = day_in_the_west()
        office.act(update_task, task=task, due_date=today)
        west.goto("/projects/WEB/")
        shown = west.locator(".card-item .due").inner_text()
    assert "today" in shown
    east.goto("/projects/WEB/")
    expect(east.locator(".card-item .late")).to_have_count(1)
    east.goto("/tasks/WEB-1/")
    hover = re.compile(r"^\w+day, .*, \d\d:\d\d \+14, Pacific/Kiritimati$")
    expect(east.locator("#facts time").last).to_have_attribute("title", hover)

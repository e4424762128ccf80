"""A user who goes through a page with the keyboard sees the focus at every step."""

import pytest

from tasks.actions.tasks import create_task
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

STEPS = 60  # at most: the first rows of a list are like the others
# The element with the ring: the focused one, or the cell of a list around a link. A scroller may clip it.
LOOK = """() => {
  const active = document.activeElement;
  if (active === document.body) return null;
  const holder = active.matches(".list-link") ? active.closest("td") : active;
  const style = getComputedStyle(holder), box = holder.getBoundingClientRect();
  const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
  let clipped = false;
  for (let at = holder.parentElement; at && at !== document.body; at = at.parentElement) {
    const around = at.getBoundingClientRect();
    const hides = (axis) => getComputedStyle(at)[axis] !== "visible";
    if (hides("overflowY") && box.top >= around.top && box.top - reach < around.top) clipped = true;
    if (hides("overflowY") && box.bottom <= around.bottom && box.bottom + reach > around.bottom) clipped = true;
  }
  return {
    what: `${active.tagName} ${active.className} ${active.id} ${active.innerText}`,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isDate: active.type === "date",
    clipped,
  };
}"""


def steps(page, path):
    """Open a page, press Tab through it, and yield the visible state of each step."""
    page.goto(path)
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        if (seen := page.evaluate(LOOK)) is None:
            return
        yield seen


def test_focused_element_has_a_fully_visible_ring(browser):
    project = make_project(browser.office, name="Website", key="WEB")
    browser.office.act(create_task, project=project, title="Write the welcome page")
    page = browser.as_("owner")
    wrong, looked_at = [], 0
    for path in ("/projects/WEB/?view=list", "/tasks/WEB-1/", "/settings/members/", "/settings/audit/", "/inbox/"):
        for seen in steps(page, path):
            looked_at += 1
            # A date has stops inside, of which Chromium shows the last, its calendar, with its own style.
            if (not seen["ring"] and not seen["isDate"]) or seen["clipped"]:
                wrong.append(f"{path}: {seen['what']}")
    assert looked_at > 80
    assert wrong == []

"""axe-core finds no serious violation of WCAG 2.2 AA."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from tasks.actions.comments import create_comment
from tasks.actions.progress import complete_task
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
PAGES = [
    *(
        "/",
        "/projects/WEB/",
        "/projects/WEB/?view=list",
        "/tasks/WEB-1/",
        "/tasks/WEB-1/text/",
        "/tasks/WEB-1/delete/",
    ),
    *("/projects/WEB/settings/", "/settings/labels/", "/tasks/WEB-1/place/", "/tasks/WEB-1/edit/"),
    *("/tasks/WEB-1/assignees/", "/my-tasks/", "/search/?q=page", "/inbox/", "/tasks/new/", "/subtasks/"),
]


@pytest.fixture
def studio(browser):
    """The account, with something on every page."""
    studio = browser.office
    project = make_project(studio, name="Website", key="WEB")
    late = timezone.localdate() - timedelta(days=3)
    fields = {"description": "Say **hello**.", "due_date": late, "assignees": [studio.membership("member")]}
    task = studio.act(create_task, project=project, title="Write the welcome page", priority="urgent", **fields)
    done = studio.act(create_task, project=project, title="Choose a page", assignees=fields["assignees"])
    studio.act(complete_task, task=done)
    studio.act(create_subtask, task=task, title="Find a picture")
    studio.act(create_comment, task=task, body="A `picture`, please.")
    return studio


def serious(page):
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_accessible(browser, studio, dark):
    page = browser.as_("member", dark=dark)
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = serious(page)
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_pages_are_accessible_on_a_phone(browser, studio):
    page = browser.as_("member", width=360)
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = serious(page)
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_opened_panel_menu_and_dialog_are_accessible(browser, studio):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    page.locator("a.card[href='/tasks/WEB-1/']").click()
    expect(page.locator("#panel #task")).to_be_visible()
    assert serious(page) == []
    page.locator("#facts summary").first.click()
    assert [text for text in serious(page) if not text.startswith("target-size")] == []  # the menu covers some
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    assert serious(page) == []


def test_check_reports_a_missing_alt_text(browser, studio):
    page = browser.as_("member")
    page.goto("/my-tasks/")
    page.evaluate("document.querySelector('main').append(new Image())")
    assert any(text.startswith("image-alt") for text in serious(page))

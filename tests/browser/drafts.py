"""The comment field and the notes of drafts, as a member uses them in a browser."""

from accounts.models import Session
from tasks.actions.tasks import create_task
from tasks.models import Comment
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.browser.users import give_password
from tests.projects.offices import make_project

TASK = "/tasks/WEB-1/"
STORED = "Object.entries(localStorage).filter(([name]) => name.startsWith('draft:'))"


def open_studio(browser):
    """Return the account, with the project WEB, two tasks, and members who can log in."""
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

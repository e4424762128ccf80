"""A project with three tasks, for the tests of tasks in a browser."""

from playwright.sync_api import expect

from tenancy.context import tenant_context


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

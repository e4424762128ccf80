"""A page of a headless browser that loads the real modules of `frontend/static/` without a server."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from config.pytest_plugin import find_program

HERE = Path(__file__).parent
FOLDERS = {"static": HERE.parents[2] / "frontend/static", "tests": HERE}
ORIGIN = "http://localhost"  # browsers have the cryptography for drafts on this machine


@pytest.fixture(scope="module")
def chromium():
    """A browser for the tests of a file. Playwright keeps an event loop in this thread, so Django refuses queries."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # for fixtures that close connections of tests before
        chromium = playwright.chromium.launch(executable_path=find_program("browser"))
        yield chromium
        chromium.close()


@pytest.fixture
def page(chromium):
    """An empty page. The test fails when a script of the page does."""
    context = chromium.new_context()
    context.route("**/*", _answer)
    errors = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto(f"{ORIGIN}/")
    yield page
    context.close()
    assert not errors


def _answer(route):
    _, folder, *path = urlsplit(route.request.url).path.split("/")
    if folder in FOLDERS:
        route.fulfill(path=FOLDERS[folder].joinpath(*path), content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>Test</title><body>", content_type="text/html")

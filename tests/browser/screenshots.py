"""`make demo`, and beside it `python -m tests.browser.screenshots`: pictures of the main pages for docs/screenshots/.

PORT is the port of the demo, with new data. Needs Chromium.
"""

import os
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from config.pytest_plugin import find_program

FOLDER = Path("docs/screenshots")
HOST = f"http://tenant-0.localhost:{os.environ.get('PORT') or 8000}"
PAGES = {
    "board": "/projects/WEB/",
    "list": "/projects/WEB/?view=list",
    "task": "/tasks/WEB-5/",
    "projects": "/",
    "my-tasks": "/my-tasks/",
    "inbox": "/inbox/",
    "project-settings": "/projects/WEB/settings/",
    "labels": "/settings/labels/",
}
WIDTHS = {1280: 800, 390: 844}
# `*.localhost` is this machine, whatever its resolver says. Not from people.py, which needs the settings.
ARGUMENTS = ["--host-resolver-rules=MAP *.localhost 127.0.0.1"]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_program("browser"), args=ARGUMENTS)
        for width, height in WIDTHS.items():
            for theme in ("light", "dark"):
                page = log_in(browser, width, height, theme)
                for name, path in PAGES.items():
                    take(page, path, FOLDER / f"{name}-{width}-{theme}.png")
                page.context.close()
        browser.close()


def log_in(browser: Browser, width: int, height: int, theme: str) -> Page:
    dark = theme == "dark"
    context = browser.new_context(
        base_url=HOST, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto("/auth/login/")
    page.fill("[name=login]", "owner@tenant-0.example.com")
    page.fill("[name=password]", "password")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{HOST}/")
    return page


def take(page: Page, path: str, file: Path) -> None:
    page.goto(path)
    if page.locator("#live").count():
        page.wait_for_selector("#live[data-state=live]")
    # Playwright would hide the caret with a style that the page's policy refuses.
    picture = Image.open(BytesIO(page.screenshot(caret="initial", animations="allow")))
    picture.convert("RGB").save(file, optimize=True)


if __name__ == "__main__":
    main()

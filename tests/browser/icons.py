"""`python -m tests.browser.icons`: draws the files of frontend/root/ from icon.svg. Needs Chromium.

Browsers request /favicon.ico for responses without a link, such as JSON. iOS shows /apple-touch-icon.png on the home
screen.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from config.pytest_plugin import find_program

SVG = Path("frontend/static/frontend/shared/icon.svg")
FOLDER = Path("frontend/root")
CORNERS = ' rx="4"'
ICO_SIZES = (16, 32, 48)


def main() -> None:
    svg = SVG.read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_program("browser"))
        page = browser.new_page()
        *smaller, largest = (draw(page, svg, size) for size in ICO_SIZES)
        largest.save(FOLDER / "favicon.ico", sizes=[(size, size) for size in ICO_SIZES], append_images=smaller)
        # iOS rounds the corners itself, and shows transparent ones in black.
        draw(page, svg.replace(CORNERS, ""), 180).save(FOLDER / "apple-touch-icon.png", optimize=True)
        browser.close()


def draw(page: Page, svg: str, size: int) -> Image.Image:
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px }}</style>{svg}")
    return Image.open(BytesIO(page.screenshot(omit_background=True)))


if __name__ == "__main__":
    main()

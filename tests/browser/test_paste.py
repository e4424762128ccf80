"""Pasting into a task: text goes into the text field, and a file on its own is attached."""

import re

import pytest
from playwright.sync_api import expect

from tasks.actions.tasks import create_task
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

# Keyboard shortcuts read the clipboard of the machine, which tests share: the event carries a separate clipboard. An
# event of a script has no default action, so the script inserts the text where the page has not prevented that.
PASTE = """(field, {texts, files}) => {
  const clipboard = new DataTransfer();
  for (const [type, text] of Object.entries(texts)) clipboard.setData(type, text);
  for (const [name, type] of files) clipboard.items.add(new File(["content"], name, { type }));
  const paste = new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true });
  field.focus?.();
  const inserted = field.dispatchEvent(paste);
  if (inserted) document.execCommand("insertText", false, clipboard.getData("text/plain"));
  return inserted;
}"""

PICTURE = ("image.png", "image/png")
CELLS = {"text/plain": "Hours\t12\nCosts\t30", "text/html": "<table><tr><td>Hours</td><td>12</td></tr></table>"}
PROSE = {"text/plain": "Call the printer.", "text/html": "<p>Call the <b>printer</b>.</p>"}
LINK = {"text/plain": "https://example.com/x.png", "text/html": "<a href='https://example.com/x.png'>x</a>"}

TEXT = [(CELLS, [PICTURE]), (PROSE, [PICTURE]), (LINK, [PICTURE])]
FILES = [
    ({}, [PICTURE]),
    ({"text/html": '<img src="https://example.com/x.png">'}, [PICTURE]),  # "Copy image" on a page
    ({"text/plain": " \n"}, [PICTURE]),
    # Copied in file managers of macOS and Linux, which add the names as text.
    ({"text/plain": "plan.pdf"}, [("plan.pdf", "application/pdf")]),
    ({"text/plain": "file:///home/bob/a%20b.txt\n/home/bob/100%.txt"}, [("a b.txt", ""), ("100%.txt", "")]),
]


@pytest.fixture
def page(browser):
    office = browser.office
    project = make_project(office, name="Website", key="WEB")
    office.act(create_task, project=project, title="Write the welcome page", description="")
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    return page


def paste(page, place, texts, files):
    """Paste into the first element that `place` finds; return whether the browser inserts the text."""
    return page.locator(place).first.evaluate(PASTE, {"texts": texts, "files": files})


def test_text_that_comes_with_a_picture_is_inserted_and_nothing_is_attached(page):
    uploads = []
    page.on("request", lambda request: uploads.append(request.url) if request.method == "POST" else None)
    field = page.locator("#task textarea[name=body]")
    for texts, files in TEXT:
        field.fill("")
        assert paste(page, "#task textarea[name=body]", texts, files)
        expect(field).to_have_value(texts["text/plain"])
    # Files are uploaded one after another: when this one is attached, all earlier ones would be too.
    paste(page, "#task textarea[name=body]", {}, [("last.png", "image/png")])
    expect(page.locator("#files")).to_contain_text("last.png")
    expect(page.locator("#files .file")).to_have_count(1)
    assert len(uploads) == 1


def test_files_without_a_text_of_their_own_are_attached_and_pictures_are_referenced(page):
    for number, (texts, files) in enumerate(FILES, 1):
        assert not paste(page, "#task textarea[name=body]", texts, files)
        expect(page.locator("#files .file")).to_have_count(sum(len(each) for _, each in FILES[:number]))
    pictures = sum(type_.startswith("image/") for _, files in FILES for _name, type_ in files)
    references = re.compile(rf"^(!\[[^\]]+\]\(\S+\)\s*){{{pictures}}}$")
    expect(page.locator("#task textarea[name=body]")).to_have_value(references)


def test_outside_of_text_fields_a_picture_is_attached_whatever_comes_with_it(page):
    assert not paste(page, "#task h1", *TEXT[0])
    expect(page.locator("#files")).to_contain_text("image.png")

"""Text fields in a browser: checkboxes, pasted pictures, keyboard layouts, input methods, and phones."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tasks.actions.comments import create_comment
from tasks.actions.tasks import create_task, update_task
from tasks.checklists import Tick, fingerprint
from tasks.models import Attachment, Task
from tenancy.context import tenant_context
from tests.browser.users import FITS
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")

TEXT = "- [ ] Call the printer\n- [x] Ask\n"
# Presses a key as another layout would: [key, code, further properties].
PRESS = """([key, code, more]) => {
  const target = document.activeElement ?? document.body;
  target.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more }));
}"""
SIZES = """() => [...document.querySelectorAll("input, textarea, select")]
  .filter((field) => !["hidden", "checkbox", "radio", "file"].includes(field.type))
  .map((field) => [field.name, parseFloat(getComputedStyle(field).fontSize)])"""
PASTE = """async (bytes) => {
  const carrier = new DataTransfer();
  carrier.items.add(new File([new Uint8Array(bytes)], "image [1].png", { type: "image/png" }));
  const options = { clipboardData: carrier, bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""


@pytest.fixture
def studio(browser):
    """The account, with the project WEB and two tasks in it; the first has a list."""
    studio = browser.office
    project = make_project(studio, name="Website", key="WEB")
    for title in ("Write the welcome page", "Choose a picture"):
        studio.act(create_task, project=project, title=title, description=TEXT)
    return studio


def task_of(studio):
    with tenant_context(studio.tenant):
        return Task.objects.select_related("project", "status").get(number=1)


def tick(page, name):
    return page.get_by_role("checkbox", name=name)


# Task lists --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_checklist_item_is_ticked(browser, studio, javascript):
    studio.act(create_comment, role="member", task=task_of(studio), body=TEXT.replace("Call", "Write to"))
    page = browser.as_("member", javascript=javascript)
    page.goto("/tasks/WEB-1/")
    tick(page, "Call the printer").click()
    expect(tick(page, "Call the printer")).to_be_checked()
    if javascript:
        expect(tick(page, "Call the printer")).to_be_focused()
    tick(page, "Write to the printer").click()
    expect(tick(page, "Write to the printer")).to_be_checked()
    assert task_of(studio).description == TEXT.replace("[ ]", "[x]")
    expect(tick(page, "Ask").first).to_be_checked()


def test_ticks_of_other_members_are_shown_and_a_changed_text_conflicts(browser, studio):
    from tasks.actions.checklists import tick_in_description

    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    expect(page.locator("#live")).to_have_text("Live")
    studio.act(tick_in_description, task=task_of(studio), tick=Tick(1, False, fingerprint(TEXT)))
    expect(tick(page, "Ask")).not_to_be_checked()
    # The text was changed, and this page was not told.
    page.locator("#ticks [name=seen]").evaluate("field => { field.value = '0'.repeat(16) }")
    browser.expect("status of 409")
    tick(page, "Call the printer").click()
    expect(page.locator("#task-text .errorlist")).to_contain_text("This text was changed in the meantime.")
    expect(tick(page, "Call the printer")).not_to_be_checked()
    tick(page, "Call the printer").click()
    expect(tick(page, "Call the printer")).to_be_checked()
    expect(page.locator("#task-text .errorlist")).to_have_count(0)


# Pictures ----------------------------------------------------------------------------------------------------------


def test_a_pasted_picture_is_attached_and_shown_in_the_text(browser, studio):
    content = io.BytesIO()
    Image.new("RGB", (20, 10), "teal").save(content, "PNG")
    page = browser.as_("member")
    page.goto("/tasks/WEB-1/")
    field = page.get_by_label("Comment", exact=True)
    field.fill("Before after")
    field.evaluate("field => field.setSelectionRange(6, 6)")
    page.evaluate(PASTE, list(content.getvalue()))
    expect(page.locator("#files")).to_contain_text("image [1].png")
    with tenant_context(studio.tenant):
        attachment = Attachment.objects.get()
        Attachment.objects.update(state="ready", has_preview=True)
    reference = f"![image \\[1\\].png](/api/v1/attachments/{attachment.pk}/download/)"
    expect(field).to_have_value(f"Before\n{reference}\n after")
    page.route("**/preview/", lambda route: route.fulfill(body=content.getvalue(), content_type="image/png"))
    page.get_by_role("button", name="Comment", exact=True).click()
    picture = page.locator(".comment .prose img")
    expect(picture).to_have_attribute("alt", "image [1].png")
    expect(picture).to_have_attribute("src", f"/api/v1/attachments/{attachment.pk}/preview/")


# Keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "code", "more"),
    [
        ("о", "KeyJ", {}),  # Russian
        ("ξ", "KeyJ", {}),  # Greek
        ("ח", "KeyJ", {}),  # Hebrew
        ("ت", "KeyJ", {}),  # Arabic
        ("J", "KeyJ", {"modifierCapsLock": True}),
        ("О", "KeyJ", {"modifierCapsLock": True}),
        ("j", "KeyC", {}),  # Dvorak: the letter counts, not its place
    ],
)
def test_shortcuts_work_on_other_layouts_and_with_caps_lock(browser, studio, key, code, more):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    page.evaluate(PRESS, [key, code, more])
    expect(page.locator("a.card[href='/tasks/WEB-1/']")).to_be_focused()


def test_similar_key_presses_trigger_no_shortcut(browser, studio):
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    others = [
        ["о", "KeyJ", {"isComposing": True}],
        ["j", "KeyJ", {"keyCode": 229}],
        ["Process", "KeyJ", {"keyCode": 229}],
        ["J", "KeyJ", {"shiftKey": True}],
        ["О", "KeyJ", {"shiftKey": True}],
        ["о", "KeyJ", {"ctrlKey": True}],
        ["ğ", "KeyJ", {}],  # a Latin layout that has its j elsewhere
        ["Dead", "KeyJ", {}],
    ]
    for press in others:
        page.evaluate(PRESS, press)
    expect(page.locator("a.card:focus")).to_have_count(0)
    page.evaluate(PRESS, ["؟", "Slash", {"shiftKey": True}])  # where Arabic layouts have the question mark
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()


COMPOSING = [{"isComposing": True}, {"keyCode": 229}, {"isComposing": True, "ctrlKey": True}]


def test_keys_of_an_input_method_trigger_no_shortcut(browser, studio):
    """Enter takes the word that is composed, and Escape gives it up."""
    begun = f"@{studio.people['owner'].name[:3]}"
    page = browser.as_("member")
    page.goto("/projects/WEB/")
    page.locator("a.card[href='/tasks/WEB-1/']").click()
    field = page.locator("#panel [name=body]")
    field.press_sequentially(begun)
    expect(page.get_by_role("listbox")).to_be_visible()

    def press_while_composing():
        for key in ("Enter", "Escape"):
            for more in COMPOSING:
                page.evaluate(PRESS, [key, key, more])

    press_while_composing()
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(field).to_have_value(begun)
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "日本", "selectionStart": 2, "selectionEnd": 2})
    expect(field).to_have_value(f"{begun}日本")
    expect(page.get_by_role("listbox")).to_have_count(0)
    press_while_composing()
    keyboard.send("Input.insertText", {"text": "日本語"})
    expect(field).to_have_value(f"{begun}日本語")
    expect(page.locator("#panel #task")).to_be_visible()
    expect(page.locator(".comment")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment")).to_contain_text("日本語")


# Phones ------------------------------------------------------------------------------------------------------------


def test_phone_shows_the_page_width_and_does_not_zoom_into_fields(browser, studio):
    page = browser.as_("owner", width=390)
    found = {}
    for path in (
        *("/", "/?", "/projects/WEB/", "/projects/WEB/?view=list", "/projects/WEB/settings/", "/projects/WEB/export/"),
        *("/tasks/new/", "/tasks/WEB-1/", "/tasks/WEB-1/text/", "/tasks/WEB-1/edit/", "/tasks/WEB-1/place/"),
        *("/tasks/WEB-1/assignees/", "/tasks/WEB-1/labels/", "/tasks/WEB-1/delete/", "/search/?q=a", "/inbox/"),
        *("/settings/", "/settings/members/", "/settings/labels/", "/settings/pictures/", "/settings/audit/"),
        *("/settings/danger/", "/auth/", "/auth/email/", "/auth/password/change/", "/auth/delete/"),
    ):
        page.goto(path)
        found |= {(path, name): size for name, size in page.evaluate(SIZES)}
        assert page.evaluate(FITS), f"{path} scrolls sideways."
    assert len(found) > 25
    assert {place: size for place, size in found.items() if size < 16} == {}
    page = browser.anonymous(width=390)
    for path in ("/auth/login/", "/auth/password/reset/"):
        page.goto(path)
        assert [size for _name, size in page.evaluate(SIZES) if size < 16] == []


def test_a_desktop_keeps_its_smaller_fields(browser, studio):
    page = browser.as_("owner")
    page.goto("/tasks/WEB-1/text/")
    assert {size for _name, size in page.evaluate(SIZES)} == {14}


def test_formatting_of_texts_is_shown(browser, studio):
    studio.act(update_task, task=task_of(studio), description="One\ntwo https://example.com/a WEB-2 NIL-1")
    page = browser.as_("viewer")
    page.goto("/tasks/WEB-1/")
    prose = page.locator("#task-text .prose")
    expect(prose.locator("br")).to_have_count(1)
    expect(prose.get_by_role("link")).to_have_text(["https://example.com/a", "WEB-2"])
    prose.get_by_role("link", name="WEB-2").click()
    expect(page.get_by_role("heading", name="Choose a picture")).to_be_visible()

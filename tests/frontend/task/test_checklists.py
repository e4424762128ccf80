"""Task lists in descriptions and comments: who may tick, and what a tick changes."""

import re

import pytest

from accounts.markdown.parsing import item_lines
from frontend.shared.markdown import render_kept
from projects.models import Activity
from tasks.actions.checklists import tick_in_description
from tasks.actions.comments import create_comment
from tasks.actions.tasks import delete_task, update_task
from tasks.checklists import Tick, fingerprint
from tasks.models import Comment, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL, TICK = "/tasks/WEB-1/", "/tasks/WEB-1/text/tick/"
TEXT = "Before launch:\n\n- [ ] Call **the** printer\n- [x] Ask\n\n```\n- [ ] code\n```\n"


@pytest.fixture
def listed(alice, task, as_member):
    """WEB-1 with a list in its description."""
    return as_member(alice, update_task, task=task, description=TEXT)


@pytest.fixture
def comment(bob, task, as_member):
    """Bob's, with the same list."""
    return as_member(bob, create_comment, task=task, body=TEXT)


def description(task):
    with tenant_context(task.account):
        return Task.objects.get(pk=task.pk).description


def body(task):
    with tenant_context(task.account):
        return Comment.objects.get().body


def tick(item="2:1", text=TEXT):
    return {"item": item, "seen": fingerprint(text)}


ONE_TICKED = TEXT.replace("[ ] Call", "[x] Call")


def test_a_member_ticks_an_item_of_the_description(client, bob, listed, page):
    seen = page(client.as_(bob).get(URL))
    buttons = seen.all("button", name="item")
    assert [(each["value"], each["aria-checked"], each["aria-label"]) for each in buttons] == [
        ("2:1", "false", "Call the printer"),
        ("3:0", "true", "Ask"),
    ]
    (form,) = seen.all("form", id=buttons[0]["form"])
    fields = {"item": buttons[0]["value"], "seen": seen.value("seen")}
    answer = client.as_(bob).post(form["action"], fields)
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}#task-text")
    assert description(listed) == ONE_TICKED
    text = page(client.as_(bob).get(URL)).text
    assert "Bob changed the description" in text
    assert "[ ] Call" not in text
    assert "[ ] code" in text


def test_an_author_ticks_an_item_of_the_comment(client, bob, comment, task, page):
    seen = page(client.as_(bob).get(URL))
    assert [each["value"] for each in seen.all("button", name="item")] == ["2:1", "3:0"]
    answer = client.as_(bob).post(f"/comments/{comment.pk}/tick/", tick("3:0"))
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}#feed")
    assert body(task) == TEXT.replace("[x] Ask", "[ ] Ask")


def test_a_tick_in_a_comment_on_an_older_page_leads_back_there(client, bob, comment, task, page):
    until = {"until": comment.created_at.isoformat()}
    seen = page(client.as_(bob).get(URL, until))
    (form,) = seen.all("form", id=f"ticks-{comment.pk}")
    answer = client.as_(bob).post(form["action"], tick())
    assert answer["Location"] == f"{URL}?{form['action'].partition('?')[2]}#feed"


def test_checklists_without_edit_permission_have_no_buttons(client, alice, vera, listed, comment, page):
    seen = page(client.as_(vera).get(URL))
    assert seen.all("button", name="item") == []
    assert [each["aria-label"] for each in seen.all("span", role="img")] == ["Open:", "Done:"] * 2
    assert [each["form"] for each in page(client.as_(alice).get(URL)).all("button", name="item")] == ["ticks"] * 2


def test_viewers_and_non_members_cannot_tick(client, alice, vera, mallory, listed, comment):
    comments = f"/comments/{comment.pk}/tick/"
    for path in (TICK, comments):
        assert client.as_(vera).post(path, tick()).status_code == 403
        assert client.as_(mallory).post(path, tick()).status_code == 404
    assert (description(listed), body(listed)) == (TEXT, TEXT)


def test_another_member_cannot_tick_items_of_a_comment(client, alice, listed, comment):
    for sent in (tick(), tick(text="What the comment was once.")):
        assert client.as_(alice).post(f"/comments/{comment.pk}/tick/", sent).status_code == 403
    assert body(listed) == TEXT


def test_a_role_that_was_lost_meanwhile_ticks_nothing(acme, bob, listed):
    from django.core.exceptions import PermissionDenied

    with tenant_context(acme):
        actor = membership_of(bob, acme)
        type(actor).objects.filter(pk=actor.pk).update(role="viewer")
        with pytest.raises(PermissionDenied):
            tick_in_description(task=listed, actor=actor, tick=Tick(2, True, fingerprint(TEXT)))
    assert description(listed) == TEXT


def test_a_text_that_was_changed_meanwhile_is_a_conflict_and_is_shown(client, alice, bob, listed, comment, as_member):
    changed = f"A new line.\n\n{TEXT}"
    as_member(alice, update_task, task=listed, description=changed)
    answer = client.as_(bob).post(TICK, tick())
    assert answer.status_code == 409
    assert "A new line." in answer.content.decode()
    assert "This text was changed in the meantime." in answer.content.decode()
    assert description(listed) == changed
    answer = client.as_(bob).post(f"/comments/{comment.pk}/tick/", tick(text=changed))
    assert answer.status_code == 409
    assert body(listed) == TEXT


def test_a_line_of_code_that_looks_like_an_item_is_a_conflict(client, bob, listed, comment):
    for path in (TICK, f"/comments/{comment.pk}/tick/"):
        assert client.as_(bob).post(path, tick("6:1")).status_code == 409
    assert (description(listed), body(listed)) == (TEXT, TEXT)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "- [ ] a\n\n      - [ ] code\n\n      more",
        "    - [ ] code\n\n- [ ] a\r    - [x] b",
        "> - [ ] a\n> ```\n> - [ ] code\n> ```\n- [ ] b",
        "a\n2. [ ] no list\n\n2. [ ] list",
        "- - [ ] a\n- [ ]\n- [ ] ",
        f"- [ ] {'[' * 400}\n- [ ] a",
        "- [ ] a\n" * 600,
        "a\n\n" * 999 + "- [ ] a\n- [ ] b\n- [ ] c",
        "\x00- [ ] a\n- [ ] b\n\t- [ ] c",
        "AB-1 " * 600 + "\n\n- [ ] a",
    ],
)
def test_items_that_can_be_ticked_are_those_that_are_shown(text):
    shown = re.findall(r'<data value="item:(\d+):', render_kept(text))
    assert item_lines(text) == {int(line) for line in shown}


def test_two_ticks_of_different_items_do_not_conflict(client, alice, bob, listed):
    assert client.as_(alice).post(TICK, tick()).status_code == 302
    assert client.as_(bob).post(TICK, tick("3:0")).status_code == 302
    assert description(listed) == ONE_TICKED.replace("[x] Ask", "[ ] Ask")


def test_the_same_tick_again_changes_nothing(client, acme, bob, listed):
    for _ in range(2):
        assert client.as_(bob).post(TICK, tick()).status_code == 302
    with tenant_context(acme):
        assert Activity.objects.filter(verb="task.updated").count() == 2  # with that of the description itself


@pytest.mark.parametrize("item", ["", "x", "2", "2:2", "-1:1", "999999:1", "2:1\n", "\u0662:1"])
def test_invalid_item_is_refused(client, bob, listed, comment, item):
    for path in (TICK, f"/comments/{comment.pk}/tick/"):
        assert client.as_(bob).post(path, tick(item)).status_code == 400
    assert (description(listed), body(listed)) == (TEXT, TEXT)


def test_htmx_gets_the_part_again(client, bob, listed):
    headers = {"HX-Request": "true", "HX-Target": "task-text"}
    answer = client.as_(bob).post(TICK, tick(), headers=headers)
    assert answer["HX-Trigger"] == "task-changed"
    assert answer.content.decode().startswith('\n\n<section id="task-text"') or "<html" not in answer.content.decode()
    assert 'id="ticks-2" name="item" value="2:0"' in answer.content.decode()


def test_a_task_that_was_deleted_meanwhile_is_not_found(client, alice, bob, listed, as_member):
    as_member(alice, delete_task, task=listed)
    assert client.as_(bob).post(TICK, tick()).status_code == 404

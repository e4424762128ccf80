"""/tasks/<key>/text/: title and description, and what happens when two people change them at once."""

import pytest

from tasks.actions.progress import archive_task
from tasks.actions.tasks import update_task
from tasks.models import Task
from tenancy.context import tenant_context

URL = "/tasks/WEB-1/"
HTMX = {"HX-Request": "true"}


def reread(task):
    with tenant_context(task.account):
        return Task.objects.get(pk=task.pk)


@pytest.fixture
def opened(client, bob, task, page):
    """The hidden fields of the form, as bob has it open."""
    seen = page(client.as_(bob).get(f"{URL}text/"))
    return {name: seen.value(name) for name in ("version", "seen")}


def test_a_member_changes_both(client, bob, task, opened, page):
    fields = {**opened, "title": "Welcome", "description": "One\r\n\r\n**two**"}
    response = client.as_(bob).post(f"{URL}text/", fields)
    assert (response.status_code, response["Location"]) == (302, f"{URL}#task-text")
    assert (reread(task).title, reread(task).description) == ("Welcome", "One\n\n**two**")
    assert "Bob changed the description, changed the title" in page(client.as_(bob).get(URL)).text


def test_saving_what_is_there_changes_nothing(client, alice, bob, task, as_member, page):
    as_member(alice, update_task, task=task, description="  One\n\ntwo\n")
    seen = page(client.as_(bob).get(f"{URL}text/"))
    hidden = {name: seen.value(name) for name in ("version", "seen")}
    fields = {**hidden, "title": "Write the welcome page", "description": "  One\r\n\r\ntwo\r\n"}
    client.as_(bob).post(f"{URL}text/", fields)
    assert reread(task).version == 2


def test_conflicting_edit_shows_both_texts(client, alice, bob, task, opened, as_member, page):
    as_member(alice, update_task, task=task, title="Theirs", description="What Alice wrote.")
    mine = {**opened, "title": "Mine", "description": "What Bob wrote."}
    response = client.as_(bob).post(f"{URL}text/", mine)
    seen = page(response)
    assert response.status_code == 409
    for words in (
        "Alice saved a newer version",
        "Theirs",
        "What Alice wrote.",
        "What Bob wrote.",
        "Save my text instead",
    ):
        assert words in seen.text
    assert seen.value("title") == "Mine"
    assert reread(task).title == "Theirs"
    again = {"version": seen.value("version"), "seen": seen.value("seen")}
    assert client.as_(bob).post(f"{URL}text/", {**mine, **again}).status_code == 302
    assert reread(task).description == "What Bob wrote."


def test_second_conflicting_edit_is_shown_again(client, alice, bob, task, opened, as_member, page):
    as_member(alice, update_task, task=task, title="Theirs")
    seen = page(client.as_(bob).post(f"{URL}text/", {**opened, "title": "Mine"}))
    as_member(alice, update_task, task=task, title="Theirs again")
    again = {"version": seen.value("version"), "seen": seen.value("seen"), "title": "Mine"}
    response = client.as_(bob).post(f"{URL}text/", again)
    assert response.status_code == 409
    assert "Theirs again" in page(response).text


def test_a_change_of_something_else_is_no_conflict(client, alice, bob, task, opened, as_member):
    as_member(alice, update_task, task=task, priority="high")
    as_member(alice, archive_task, task=task)
    assert client.as_(bob).post(f"{URL}text/", {**opened, "title": "Mine"}).status_code == 302
    assert (reread(task).title, reread(task).priority) == ("Mine", "high")


@pytest.mark.parametrize("version", ["", "x", "0", "99", "-1", "9" * 30])
def test_a_version_that_there_is_not_is_refused(client, bob, task, version):
    response = client.as_(bob).post(f"{URL}text/", {"version": version, "title": "Mine"})
    assert response.status_code in (400, 409)
    assert reread(task).version == 1


@pytest.mark.parametrize(("title", "words"), [("", "This field is required."), ("x" * 501, "at most 500 characters")])
def test_invalid_text_shows_an_error_and_is_kept(client, bob, task, opened, page, title, words):
    response = client.as_(bob).post(f"{URL}text/", {**opened, "title": title, "description": "Kept"})
    assert response.status_code == 400
    assert words in page(response).text
    assert "Kept" in page(response).text


def test_the_preview_shows_it_safely_and_saves_nothing(client, bob, task, opened, page):
    fields = {**opened, "title": "New", "description": "**bold** <script>alert(1)</script>", "preview": "1"}
    response = client.as_(bob).post(f"{URL}text/", fields)
    text = response.content.decode()
    assert response.status_code == 200
    assert "<strong>bold</strong>" in text
    assert "<script>alert" not in text
    assert page(response).value("title") == "New"
    assert reread(task).version == 1


def test_to_htmx_it_answers_with_its_part_alone(client, bob, task, opened):
    browser = client.as_(bob)
    form = browser.get(f"{URL}text/", headers={**HTMX, "HX-Target": "task-text"}).content.decode()
    assert form.strip().startswith('<section id="task-text"')
    assert "<form" in form
    saved = browser.post(f"{URL}text/", {**opened, "title": "Mine"}, headers={**HTMX, "HX-Target": "task-text"})
    assert saved.content.decode().strip().startswith('<section id="task-text"')
    assert "Mine" in saved.content.decode()
    assert saved["HX-Trigger"] == "task-changed"


def test_the_panel_is_the_page_without_its_frame(client, bob, task, subtask, page):
    response = client.as_(bob).get(URL, headers={**HTMX, "HX-Target": "panel"})
    text = response.content.decode()
    assert "<html" not in text
    for part in ("task-text", "facts", "subtasks", "feed", "task-actions"):
        assert text.count(f'id="{part}"') == 1
    assert "Find a picture" in text


def test_the_answers_are_kept_apart_by_caches(client, bob, task):
    vary = client.as_(bob).get(URL)["Vary"]
    assert "HX-Request" in vary
    assert "HX-Target" in vary


def test_viewers_and_non_members_do_not_write(client, vera, mallory, bob, task, secret_task):
    fields = {"version": 1, "title": "Mine"}
    assert client.as_(vera).post(f"{URL}text/", fields).status_code == 403
    assert client.as_(vera).get(f"{URL}text/").status_code == 403
    assert client.as_(mallory).post(f"{URL}text/", fields).status_code == 404
    hidden, absent = (client.as_(bob).post(f"/tasks/{key}/text/", fields) for key in ("SEC-1", "SEC-2"))
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.status_code == 404


# Putting away and deleting -----------------------------------------------------------------------------------------


def test_a_member_archives_and_restores_it(client, bob, task, page):
    browser = client.as_(bob)
    browser.post(f"{URL}archive/")
    assert reread(task).archived_at
    assert f"{URL}restore/" in page(browser.get(URL)).forms
    browser.post(f"{URL}restore/")
    assert reread(task).archived_at is None


def test_deleting_asks_for_the_key(client, bob, task, page):
    browser = client.as_(bob)
    assert "Delete WEB-1?" in page(browser.get(f"{URL}delete/")).text
    for wrong in ("", "WEB-2", "yes"):
        response = browser.post(f"{URL}delete/", {"key": wrong})
        assert response.status_code == 400
    response = browser.post(f"{URL}delete/", {"key": " web-1 "}, follow=True)
    assert "WEB-1 was deleted." in page(response).text
    assert browser.get(URL).status_code == 404


@pytest.mark.parametrize("path", ["complete/", "reopen/", "archive/", "restore/", "delete/"])
def test_viewers_and_non_members_do_none_of_this(client, vera, mallory, bob, task, secret_task, path):
    fields = {"key": "WEB-1"}
    assert client.as_(vera).post(URL + path, fields).status_code == 403
    assert client.as_(mallory).post(URL + path, fields).status_code == 404
    assert client.as_(bob).post(f"/tasks/SEC-1/{path}", {"key": "SEC-1"}).status_code == 404
    assert reread(task).version == 1

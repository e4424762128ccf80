"""The page of a task."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks.actions import update_task
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/tasks/WEB-1/"


def reread(task):
    with tenant_context(task.account):
        return Task.objects.select_related("status").get(pk=task.pk)


def test_it_shows_everything_about_the_task(client, alice, bob, task, subtask, label, as_member, page):
    tomorrow = timezone.localdate() + timedelta(days=1)
    fields = {"description": "Say **hello**.", "priority": "high", "due_date": tomorrow, "labels": [label]}
    as_member(alice, update_task, task=task, assignees=[membership_of(bob, task.account)], **fields)
    response = client.as_(alice).get(URL)
    text = page(response).text
    for words in ("Write the welcome page", "WEB-1", "Website", "To do", "High", "Bug", "Bob", "tomorrow", "0 of 1"):
        assert words in text
    assert "<strong>hello</strong>" in response.content.decode()
    assert "Find a picture" in text


def test_a_task_with_nothing_says_so(client, bob, task, page):
    text = page(client.as_(bob).get(URL)).text
    for words in ("No priority", "Nobody yet", "No date"):
        assert words in text


def test_an_archived_task_is_marked(client, bob, task, changed, page):
    changed(task, archived_at=timezone.now())
    assert "Archived" in page(client.as_(bob).get(URL)).text


def test_hidden_foreign_and_absent_tasks_are_answered_alike(client, bob, secret_task, foreign_task):
    browser = client.as_(bob)
    answers = [browser.get(f"/tasks/{key}/") for key in ("SEC-1", "WEB-1", "NONE-1", "SEC-999999999")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    "key", ["WEB", "WEB-", "WEB-0", "WEB-01", "web-1", "WEB--1", "WEB-1%00", f"WEB-{'9' * 10}", "%00"]
)
def test_what_is_no_key_is_not_found(client, bob, task, key):
    assert client.as_(bob).get(f"/tasks/{key}/").status_code == 404


def test_viewers_read_and_have_no_controls(client, vera, task, subtask, page):
    seen = page(client.as_(vera).get(URL))
    assert "Find a picture" in seen.text
    assert seen.forms == []


# Moving --------------------------------------------------------------------------------------------------------------


def test_a_member_completes_it_with_the_button_and_reopens_it(client, bob, task, statuses, page):
    browser = client.as_(bob)
    offered = page(browser.get(URL)).all("input", name="status")[0]["value"]
    response = browser.post(f"{URL}move/", {"status": offered})
    assert (response.status_code, response["Location"]) == (302, URL)
    assert reread(task).completed_at
    seen = page(browser.get(URL))
    assert "Reopen" in seen.text
    browser.post(f"{URL}move/", {"status": seen.all("input", name="status")[0]["value"]})
    assert (reread(task).completed_at, reread(task).status.category) == (None, "todo")


def test_a_member_gives_it_any_status_of_its_project(client, bob, task, statuses):
    client.as_(bob).post(f"{URL}move/", {"status": statuses["doing"].pk})
    assert reread(task).status == statuses["doing"]


def test_a_project_without_a_last_column_offers_no_button(client, bob, task, statuses, changed, page):
    changed(statuses["done"], category="doing", name="Waiting")
    assert not page(client.as_(bob).get(URL)).all("input", name="status")


@pytest.mark.parametrize("status", ["", "x", "00000000-0000-0000-0000-000000000000", "\x00"])
def test_a_status_that_there_is_not_is_refused_in_words(client, bob, task, page, status):
    response = client.as_(bob).post(f"{URL}move/", {"status": status})
    assert response.status_code == 400
    assert page(response).all("ul", **{"class": "errorlist"})
    assert reread(task).version == 1


def test_statuses_of_other_projects_and_accounts_read_like_absent_ones(
    client, alice, task, secret_project, foreign_project, globex
):
    with tenant_context(task.account):
        other = secret_project.statuses.first()
    with tenant_context(globex):
        foreign = foreign_project.statuses.first()
    texts = []
    for status in (other, foreign):
        response = client.as_(alice).post(f"{URL}move/", {"status": status.pk})
        assert response.status_code == 400
        texts.append("Select a valid choice" in response.content.decode())
    assert texts == [True, True]
    assert reread(task).version == 1


def test_viewers_and_strangers_do_not_move_it(client, vera, mallory, task, statuses, acme):
    fields = {"status": statuses["done"].pk}
    assert client.as_(vera).post(f"{URL}move/", fields).status_code == 403
    assert client.as_(mallory).post(f"{URL}move/", fields).status_code == 404
    assert client.at(acme).post(f"{URL}move/", fields).status_code == 302
    assert reread(task).completed_at is None


# Its subtasks --------------------------------------------------------------------------------------------------------


def subtasks(task):
    with tenant_context(task.account):
        return [(subtask.title, subtask.done) for subtask in task.subtasks.all()]


def test_a_member_adds_a_subtask_at_the_end(client, bob, task, subtask):
    response = client.as_(bob).post(f"{URL}subtasks/", {"title": "Choose a colour"})
    assert (response.status_code, response["Location"]) == (302, f"{URL}#subtasks")
    assert subtasks(task) == [("Find a picture", False), ("Choose a colour", False)]


@pytest.mark.parametrize(("title", "words"), [("", "This field is required."), ("x" * 501, "at most 500 characters")])
def test_a_title_that_will_not_do_is_explained(client, bob, task, page, title, words):
    response = client.as_(bob).post(f"{URL}subtasks/", {"title": title})
    assert response.status_code == 400
    assert words in page(response).text
    assert subtasks(task) == []


def test_a_member_ticks_and_unticks_it(client, bob, task, subtask):
    tick = f"/subtasks/{subtask.pk}/tick/"
    response = client.as_(bob).post(tick, {"on": "1"})
    assert (response.status_code, response["Location"]) == (302, f"{URL}#subtasks")
    assert subtasks(task) == [("Find a picture", True)]
    client.as_(bob).post(tick, {"on": "0"})
    assert subtasks(task) == [("Find a picture", False)]


def test_to_htmx_it_answers_with_the_list_alone(client, bob, task, subtask):
    response = client.as_(bob).post(f"/subtasks/{subtask.pk}/tick/", {"on": "1"}, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert response.status_code == 200
    assert text.strip().startswith('<section id="subtasks"')
    assert "1 of 1" in text
    assert "<html" not in text


@pytest.mark.parametrize("on", [None, "", "yes", "2"])
def test_a_tick_that_is_neither_yes_nor_no_is_malformed(client, bob, task, subtask, on):
    assert client.as_(bob).post(f"/subtasks/{subtask.pk}/tick/", {} if on is None else {"on": on}).status_code == 400
    assert subtasks(task) == [("Find a picture", False)]


def test_viewers_and_strangers_do_not_write_subtasks(client, vera, mallory, task, subtask, foreign_task):
    tick = f"/subtasks/{subtask.pk}/tick/"
    assert client.as_(vera).post(tick, {"on": "1"}).status_code == 403
    assert client.as_(vera).post(f"{URL}subtasks/", {"title": "Mine"}).status_code == 403
    assert client.as_(mallory).post(tick, {"on": "1"}).status_code == 404
    assert subtasks(task) == [("Find a picture", False)]


def test_nobody_ticks_a_subtask_of_a_project_that_they_do_not_see(client, bob, secret_task, acme):
    with tenant_context(acme):
        hidden = Subtask.objects.create(task=secret_task, title="Hidden", rank="a")
    assert client.as_(bob).post(f"/subtasks/{hidden.pk}/tick/", {"on": "1"}).status_code == 404
    assert client.as_(bob).post("/tasks/SEC-1/subtasks/", {"title": "Mine"}).status_code == 404
    assert client.as_(bob).post("/tasks/SEC-1/move/", {"status": secret_task.status_id}).status_code == 404
    assert subtasks(secret_task) == [("Hidden", False)]


@pytest.mark.parametrize("path", ["move/", "subtasks/"])
def test_writes_take_a_post(client, bob, task, path):
    assert client.as_(bob).get(URL + path).status_code == 405

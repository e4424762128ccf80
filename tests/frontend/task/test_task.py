"""The page of a task."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, update_task
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/tasks/WEB-1/"


def reread(task):
    with tenant_context(task.account):
        return Task.objects.select_related("status").get(pk=task.pk)


def test_task_page_shows_all_fields(client, alice, bob, task, subtask, label, as_member, page):
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
    for words in ("No priority", "No assignees", "No date"):
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
def test_invalid_key_is_not_found(client, bob, task, key):
    assert client.as_(bob).get(f"/tasks/{key}/").status_code == 404


def test_viewers_read_and_have_no_controls(client, vera, task, subtask, page):
    seen = page(client.as_(vera).get(URL))
    assert "Find a picture" in seen.text
    assert seen.forms == []


# Moving --------------------------------------------------------------------------------------------------------------


def test_a_member_completes_it_with_the_button_and_reopens_it(client, bob, task, statuses, page):
    browser = client.as_(bob)
    assert f"{URL}complete/" in page(browser.get(URL)).forms
    response = browser.post(f"{URL}complete/")
    assert (response.status_code, response["Location"]) == (302, f"{URL}#task-actions")
    assert reread(task).completed_at
    seen = page(browser.get(URL))
    assert f"{URL}complete/" not in seen.forms
    assert f"{URL}reopen/" in seen.forms
    browser.post(f"{URL}reopen/")
    assert (reread(task).completed_at, reread(task).status.category) == (None, "todo")


def test_doing_it_twice_says_what_is_the_case(client, bob, task, page):
    browser = client.as_(bob)
    browser.post(f"{URL}complete/")
    again = browser.post(f"{URL}complete/")
    assert again.status_code == 409
    assert "WEB-1 is already completed." in page(again).text


def test_a_member_gives_it_any_status_of_its_project(client, bob, task, statuses):
    client.as_(bob).post(f"{URL}move/", {"status": statuses["doing"].pk})
    assert reread(task).status == statuses["doing"]


def test_a_project_without_a_last_column_offers_no_button(client, bob, task, statuses, changed, page):
    changed(statuses["done"], category="doing", name="Waiting")
    browser = client.as_(bob)
    assert f"{URL}complete/" not in page(browser.get(URL)).forms
    answer = browser.post(f"{URL}complete/")
    assert answer.status_code == 400
    assert "This project has no status of the category" in page(answer).text


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


def test_viewers_and_non_members_do_not_move_it(client, vera, mallory, task, statuses, acme):
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


def test_viewers_and_non_members_do_not_write_subtasks(client, vera, mallory, task, subtask, foreign_task):
    tick = f"/subtasks/{subtask.pk}/tick/"
    assert client.as_(vera).post(tick, {"on": "1"}).status_code == 403
    assert client.as_(vera).post(f"{URL}subtasks/", {"title": "Mine"}).status_code == 403
    assert client.as_(mallory).post(tick, {"on": "1"}).status_code == 404
    assert subtasks(task) == [("Find a picture", False)]


def test_subtasks_of_a_hidden_project_cannot_be_changed(client, bob, secret_task, acme):
    with tenant_context(acme):
        hidden = Subtask.objects.create(task=secret_task, title="Hidden", rank="a")
    assert client.as_(bob).post(f"/subtasks/{hidden.pk}/tick/", {"on": "1"}).status_code == 404
    assert client.as_(bob).post("/tasks/SEC-1/subtasks/", {"title": "Mine"}).status_code == 404
    assert client.as_(bob).post("/tasks/SEC-1/move/", {"status": secret_task.status_id}).status_code == 404
    assert subtasks(secret_task) == [("Hidden", False)]


@pytest.mark.parametrize("path", ["move/", "subtasks/"])
def test_writes_take_a_post(client, bob, task, path):
    assert client.as_(bob).get(URL + path).status_code == 405


# Their order, their titles, and their end ---------------------------------------------------------------------------


@pytest.fixture
def three(acme, alice, task):
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        return {name: create_subtask(actor=actor, task=task, title=name) for name in "ABC"}


def titles(task):
    return "".join(title for title, _done in subtasks(task))


@pytest.mark.parametrize(
    ("name", "place", "order"),
    [
        ("B", {"to": "up"}, "BAC"),
        ("B", {"to": "down"}, "ACB"),
        ("A", {"to": "up"}, "ABC"),
        ("C", {"to": "down"}, "ABC"),
        ("A", {"to": "end"}, "BCA"),
        ("C", {"before": "A"}, "CAB"),
        ("A", {"before": "C"}, "BAC"),
    ],
)
def test_a_member_reorders_them(client, bob, task, three, name, place, order):
    fields = {key: three[value].pk if key == "before" else value for key, value in place.items()}
    response = client.as_(bob).post(f"/subtasks/{three[name].pk}/move/", fields)
    assert (response.status_code, response["Location"]) == (302, f"{URL}#subtasks")
    assert titles(task) == order


def test_subtasks_with_equal_ranks_can_be_reordered(client, bob, task, three, changed):
    for subtask in three.values():
        changed(subtask, rank=three["A"].rank)
    client.as_(bob).post(f"/subtasks/{three['C'].pk}/move/", {"to": "up"})
    assert titles(task) == "ACB"


@pytest.mark.parametrize("fields", [{}, {"to": "left"}, {"before": "x"}, {"to": "up", "before": "{A}"}])
def test_a_place_that_is_none_is_malformed(client, bob, task, three, fields):
    fields = {name: value.format(A=three["A"].pk) for name, value in fields.items()}
    assert client.as_(bob).post(f"/subtasks/{three['C'].pk}/move/", fields).status_code == 400
    assert titles(task) == "ABC"


def test_a_place_before_another_tasks_subtask_is_none(client, acme, alice, bob, task, three, project):
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        other = create_task(actor=actor, project=project, title="Another")
        elsewhere = create_subtask(actor=actor, task=other, title="Elsewhere")
    for pk in (elsewhere.pk, uuid4(), three["C"].pk):
        assert client.as_(bob).post(f"/subtasks/{three['C'].pk}/move/", {"before": pk}).status_code == 400
    assert titles(task) == "ABC"


def test_a_member_renames_one(client, bob, task, subtask, page):
    browser = client.as_(bob)
    assert browser.post(f"/subtasks/{subtask.pk}/rename/", {"title": "Draw a picture"}).status_code == 302
    assert titles(task) == "Draw a picture"
    for title in ("", "x" * 501):
        response = browser.post(f"/subtasks/{subtask.pk}/rename/", {"title": title})
        assert response.status_code == 400
        assert "errorlist" in response.content.decode()
    assert titles(task) == "Draw a picture"


def test_a_member_deletes_one(client, bob, task, three):
    client.as_(bob).post(f"/subtasks/{three['B'].pk}/delete/")
    assert titles(task) == "AC"
    assert client.as_(bob).post(f"/subtasks/{three['B'].pk}/delete/").status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"), [("rename/", {"title": "Mine"}), ("move/", {"to": "up"}), ("delete/", {})]
)
def test_viewers_and_non_members_do_none_of_this(client, vera, mallory, task, three, path, fields):
    assert client.as_(vera).post(f"/subtasks/{three['B'].pk}/{path}", fields).status_code == 403
    assert client.as_(mallory).post(f"/subtasks/{three['B'].pk}/{path}", fields).status_code == 404
    assert titles(task) == "ABC"

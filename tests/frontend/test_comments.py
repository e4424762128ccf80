"""Comments on the page of a task, and the stream that they are in."""

from datetime import timedelta
from uuid import uuid4

import pytest

from frontend import feed
from projects.models import Activity
from tasks.actions import (
    complete_task,
    create_comment,
    create_subtask,
    delete_subtask,
    move_task,
    update_subtask,
    update_task,
)
from tasks.models import Comment, Notification
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/tasks/WEB-1/"


@pytest.fixture
def comment(alice, task, as_member):
    return as_member(alice, create_comment, task=task, body="Looks *good*.")


def bodies(task):
    with tenant_context(task.account):
        return list(Comment.objects.values_list("body", flat=True))


def test_a_member_comments(client, acme, alice, bob, task, page):
    response = client.as_(bob).post(f"{URL}comments/", {"body": "Hello **@Alice**\r\nagain"})
    assert (response.status_code, response["Location"]) == (302, f"{URL}#feed")
    assert bodies(task) == ["Hello **@Alice**\nagain"]
    assert "<strong>@Alice</strong>" in client.as_(bob).get(URL).content.decode()
    with tenant_context(acme):
        assert Notification.objects.get().member == membership_of(alice, acme)


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 20_001])
def test_what_will_not_do_is_explained_and_kept(client, bob, task, page, body):
    response = client.as_(bob).post(f"{URL}comments/", {"body": body})
    assert response.status_code == 400
    assert page(response).all("ul", **{"class": "errorlist"}) or "errorlist" in response.content.decode()
    assert bodies(task) == []


def test_the_preview_is_safe_and_writes_nothing(client, bob, task):
    fields = {"body": "<img src=x onerror=alert(1)> **bold**", "preview": "1"}
    text = client.as_(bob).post(f"{URL}comments/", fields).content.decode()
    assert "<strong>bold</strong>" in text
    assert "<img" not in text
    assert bodies(task) == []


def test_people_edit_their_own(client, alice, bob, comment, task, page):
    edit = f"/comments/{comment.pk}/edit/"
    assert edit in page(client.as_(alice).get(URL)).links
    assert edit not in page(client.as_(bob).get(URL)).links
    assert "Looks *good*." in page(client.as_(alice).get(edit)).text
    assert client.as_(alice).post(edit, {"body": "Looks bad."}).status_code == 302
    assert "edited" in page(client.as_(alice).get(URL)).text
    for answer in (client.as_(bob).get(edit), client.as_(bob).post(edit, {"body": "Mine"})):
        assert answer.status_code == 403
    assert client.as_(alice).post(edit, {"body": " "}).status_code == 400
    assert bodies(task) == ["Looks bad."]


def test_one_deletes_ones_own_and_admins_any(client, alice, bob, admin, task, as_member, page):
    own, another, third = (as_member(bob, create_comment, task=task, body=text) for text in ("1", "2", "3"))
    assert client.as_(bob).post(f"/comments/{own.pk}/delete/").status_code == 302
    assert client.as_(admin).post(f"/comments/{another.pk}/delete/").status_code == 302
    hers = as_member(alice, create_comment, task=task, body="4")
    assert client.as_(bob).post(f"/comments/{hers.pk}/delete/").status_code == 403
    assert bodies(task) == ["3", "4"]
    assert "Bob deleted a comment" in page(client.as_(bob).get(URL)).text
    assert third


def test_viewers_and_strangers_do_not_write(client, vera, mallory, comment, task):
    for path in (f"{URL}comments/", f"/comments/{comment.pk}/edit/", f"/comments/{comment.pk}/delete/"):
        assert client.as_(vera).post(path, {"body": "Mine"}).status_code == 403
        assert client.as_(mallory).post(path, {"body": "Mine"}).status_code == 404
    assert bodies(task) == ["Looks *good*."]


def test_hidden_ones_are_answered_like_absent_ones(client, alice, bob, secret_task, as_member):
    hidden = as_member(alice, create_comment, task=secret_task, body="Psst")
    for path in ("edit/", "delete/"):
        answers = [client.as_(bob).post(f"/comments/{pk}/{path}", {"body": "x"}) for pk in (hidden.pk, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content


def test_those_who_see_the_project_are_suggested(client, alice, bob, vera, task, secret_task, page):
    assert "Bob" in page(client.as_(alice).get(f"{URL}people/", {"q": "bo"})).text
    assert page(client.as_(alice).get(f"{URL}people/", {"q": "zzz"})).text == ""
    assert "Bob" not in page(client.as_(alice).get("/tasks/SEC-1/people/")).text
    assert client.as_(bob).get("/tasks/SEC-1/people/").status_code == 404


# The stream --------------------------------------------------------------------------------------------------------


def test_it_says_what_happened_in_words(client, acme, alice, bob, task, label, statuses, as_member, page):
    assigned = {"assignees": [membership_of(bob, acme)], "labels": [label]}
    as_member(alice, update_task, task=task, priority="high", due_date="2030-01-31", **assigned)
    as_member(bob, update_task, task=task, assignees=[], labels=[], priority="none", due_date=None)
    as_member(alice, move_task, task=task, status=statuses["doing"])
    subtask = as_member(bob, create_subtask, task=task, title="Find a picture")
    as_member(bob, update_subtask, subtask=subtask, done=True)
    as_member(bob, delete_subtask, subtask=subtask)
    as_member(alice, complete_task, task=task)
    text = page(client.as_(bob).get(URL)).text
    for words in (
        "Alice created this",
        "assigned Bob, set the due date to Jan 31, 2030, added the label Bug, set the priority to High",
        "Bob unassigned Bob, removed the due date, removed the label Bug, removed the priority",
        "Alice moved this to In progress",
        "Bob added a subtask, ticked a subtask on or off, deleted the subtask “Find a picture”",
        "Alice completed this",
        "Alice completed this",
    ):
        assert words in text


def test_comments_and_changes_are_one_stream_the_oldest_first(client, alice, bob, comment, task, as_member, page):
    as_member(bob, complete_task, task=task)
    text = page(client.as_(bob).get(URL)).text
    assert text.index("Alice created this") < text.index("Looks good") < text.index("Bob completed this")


def test_what_one_person_does_at_once_is_one_entry(client, acme, alice, bob, task, as_member, page):
    for priority in ("low", "high"):
        as_member(alice, update_task, task=task, priority=priority)
    text = page(client.as_(bob).get(URL)).text
    assert "Alice created this, set the priority to Low, set the priority to High" in text
    with tenant_context(acme):
        Activity.objects.filter(verb="task.created").update(created_at=task.created_at - timedelta(hours=3))
    assert "Alice set the priority to Low" in page(client.as_(bob).get(URL)).text


def test_what_belongs_to_other_tasks_is_not_in_it(client, alice, bob, task, comment, project, as_member, page):
    from tasks.actions import create_task

    as_member(alice, create_task, project=project, title="Another")
    assert "Looks good" not in page(client.as_(bob).get("/tasks/WEB-2/")).text
    assert page(client.as_(bob).get("/tasks/WEB-2/")).text.count("created this") == 1


def test_a_long_stream_is_cut_and_shown_on_demand(client, alice, bob, task, as_member, page, monkeypatch):
    monkeypatch.setattr(feed, "MOST", 2)
    for number in range(4):
        as_member(alice, create_comment, task=task, body=f"Comment {number}")
    seen = page(client.as_(bob).get(URL))
    assert "Comment 1" not in seen.text
    assert "Comment 3" in seen.text
    assert "?all" in seen.links
    assert "Comment 0" in page(client.as_(bob).get(URL, {"all": ""})).text

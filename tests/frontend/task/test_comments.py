"""Comments on the page of a task, and the stream that they are in."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Notification
from frontend.shared import markdown
from frontend.shared.markdown import cost_of
from frontend.task import activity
from projects.models import Activity
from tasks.actions.comments import create_comment
from tasks.actions.progress import complete_task, move_task
from tasks.actions.subtasks import create_subtask, delete_subtask, update_subtask
from tasks.actions.tasks import update_task
from tasks.models import Comment
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
def test_invalid_comment_shows_an_error(client, bob, task, page, body):
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


def test_author_deletes_own_comment_and_admin_deletes_any(client, alice, bob, admin, task, as_member, page):
    own, another, third = (as_member(bob, create_comment, task=task, body=text) for text in ("1", "2", "3"))
    assert client.as_(bob).post(f"/comments/{own.pk}/delete/").status_code == 302
    assert client.as_(admin).post(f"/comments/{another.pk}/delete/").status_code == 302
    hers = as_member(alice, create_comment, task=task, body="4")
    assert client.as_(bob).post(f"/comments/{hers.pk}/delete/").status_code == 403
    assert bodies(task) == ["3", "4"]
    assert "Bob deleted a comment" in page(client.as_(bob).get(URL)).text
    assert third


def test_viewers_and_non_members_do_not_write(client, vera, mallory, comment, task):
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


def test_mention_suggestions_are_members_who_see_the_project(client, alice, bob, vera, task, secret_task, page):
    assert "Bob" in page(client.as_(alice).get(f"{URL}people/", {"q": "bo"})).text
    assert page(client.as_(alice).get(f"{URL}people/", {"q": "zzz"})).text == ""
    assert "Bob" not in page(client.as_(alice).get("/tasks/SEC-1/people/")).text
    assert client.as_(bob).get("/tasks/SEC-1/people/").status_code == 404


# The stream --------------------------------------------------------------------------------------------------------


def test_feed_describes_changes_in_words(client, acme, alice, bob, task, label, statuses, as_member, page):
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


def test_consecutive_changes_of_one_member_are_one_entry(client, acme, alice, bob, task, as_member, page):
    for priority in ("low", "high"):
        as_member(alice, update_task, task=task, priority=priority)
    text = page(client.as_(bob).get(URL)).text
    assert "Alice created this, set the priority to Low, set the priority to High" in text
    with tenant_context(acme):
        Activity.objects.filter(verb="task.created").update(created_at=task.created_at - timedelta(hours=3))
    assert "Alice set the priority to Low" in page(client.as_(bob).get(URL)).text


def test_feed_contains_only_entries_of_its_task(client, alice, bob, task, comment, project, as_member, page):
    from tasks.actions.tasks import create_task

    as_member(alice, create_task, project=project, title="Another")
    assert "Looks good" not in page(client.as_(bob).get("/tasks/WEB-2/")).text
    assert page(client.as_(bob).get("/tasks/WEB-2/")).text.count("created this") == 1


# Pages of the stream -----------------------------------------------------------------------------------------------


def older(seen):
    """Return the address of the page before this one, None if there is none."""
    return next((link for link in seen.links if link.startswith("?until=")), None)


def pages_of(session, page):
    """Return the texts of all pages of the stream, the newest first."""
    texts, link = [], ""
    while link is not None:
        seen = page(session.get(URL + link))
        texts.append(seen.text)
        assert (URL in seen.links) == bool(link)  # the way back
        link = older(seen)
    return texts


def test_a_long_stream_has_pages_that_show_each_entry_once(client, alice, bob, task, as_member, page, monkeypatch):
    monkeypatch.setattr(activity, "MOST", 2)
    for number in range(5):
        as_member(alice, create_comment, task=task, body=f"Comment {number}")
    texts = pages_of(client.as_(bob), page)
    shown = [[number for number in range(5) if f"Comment {number}" in text] for text in texts]
    assert shown == [[3, 4], [1, 2], [0]]
    assert ["created this" in text for text in texts] == [False, False, True]


def test_a_page_has_as_many_comments_as_its_cost_allows(client, alice, bob, task, as_member, page, monkeypatch):
    monkeypatch.setattr(activity, "MOST_COST", 2 * cost_of("Comment 0"))
    for body in ("Comment 0", "Comment 1", "Comment 2", "Comment 3" * 9, "Comment 4"):
        as_member(alice, create_comment, task=task, body=body)
    shown = [re.findall(r"Comment \d", text) for text in pages_of(client.as_(bob), page)]
    assert shown == [["Comment 4"], ["Comment 3"] * 9, ["Comment 1", "Comment 2"], ["Comment 0"]]


def test_comments_of_the_same_moment_are_on_one_page(client, acme, alice, bob, task, as_member, page, monkeypatch):
    monkeypatch.setattr(activity, "MOST", 2)
    for number in range(4):
        as_member(alice, create_comment, task=task, body=f"Comment {number}")
    with tenant_context(acme):
        Comment.objects.filter(body__in=["Comment 1", "Comment 2"]).update(created_at=task.created_at)
    texts = pages_of(client.as_(bob), page)
    shown = [set(re.findall(r"Comment (\d)", text)) for text in texts]
    assert {"1", "2"} in shown
    assert sorted(number for page in shown for number in page) == ["0", "1", "2", "3"]


def test_a_comment_on_an_older_page_is_edited_there(client, alice, bob, task, as_member, monkeypatch):
    monkeypatch.setattr(activity, "MOST", 2)
    first, *_rest = [as_member(bob, create_comment, task=task, body=f"Comment {number}") for number in range(5)]
    content = client.as_(bob).get(f"/comments/{first.pk}/edit/").content.decode()
    assert f'action="/comments/{first.pk}/edit/"' in content
    assert "Comment 4" not in content


@pytest.mark.parametrize(
    "text", ["x", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "\0", "9999-12-31T23:59:59-14:00"]
)
def test_an_end_that_is_none_is_passed_over(client, bob, comment, text):
    assert "Looks <em>good</em>" in client.as_(bob).get(URL, {"until": text}).content.decode()


def test_a_page_renders_a_limited_amount_of_markdown_and_once(client, alice, bob, vera, task, as_member, monkeypatch):
    """Thirty comments of 20,000 characters were twelve seconds of CPU, for each request."""
    read = []
    render = markdown._markdown.render
    monkeypatch.setattr(markdown._markdown, "render", lambda text: read.append(text) or render(text))
    for number in range(30):
        as_member(alice, create_comment, task=task, body=f"{number}\n\n" + "- a\n" * 4_900)
    answer = client.as_(bob).get(URL)
    assert sum(cost_of(text) for text in read) <= activity.MOST_COST
    assert len(answer.content) < 5 * activity.MOST_COST
    rendered = len(read)
    assert rendered >= 1
    client.as_(bob).get(URL)
    client.as_(vera).get(URL)
    assert len(read) == rendered

"""/api/v1/comments/"""

import pytest

from projects.models import Activity
from tasks.models import Comment
from tenancy.context import tenant_context

URL = "/api/v1/comments/"


@pytest.fixture
def comment(client, bob, task):
    """Bob's comment on WEB-1."""
    return client.as_(bob).json("POST", URL, {"task": "WEB-1", "body": " Why *this*?\n"}).json()


def test_a_comment_has_the_fields_of_the_contract(client, bob, task, comment):
    assert comment == {
        "id": comment["id"],
        "task": str(task.pk),
        "author": client.as_(bob).get("/api/v1/me/").json()["member"],
        "body": " Why *this*?\n",
        "created_at": comment["created_at"],
        "edited_at": None,
    }
    assert client.as_(bob).get(f"{URL}{comment['id']}/").json() == comment


def test_the_oldest_comes_first(client, alice, task, comment):
    second = client.as_(alice).json("POST", URL, {"task": task.pk, "body": "Because."}).json()
    for parameters in ({}, {"task": "WEB-1"}, {"task": task.pk}):
        rows = client.as_(alice).get(URL, parameters).json()["results"]
        assert [row["id"] for row in rows] == [comment["id"], second["id"]]
    assert client.as_(alice).get(URL, {"author": second["author"]}).json()["results"] == [second]


def test_members_edit_their_own_comments_only(client, acme, alice, bob, comment):
    changed = client.as_(bob).json("PATCH", f"{URL}{comment['id']}/", {"body": "Never mind"})
    assert changed.json()["body"] == "Never mind"
    assert changed.json()["edited_at"]
    assert client.as_(alice).json("PATCH", f"{URL}{comment['id']}/", {"body": "x"}).status_code == 403
    with tenant_context(acme):
        assert Comment.objects.get().body == "Never mind"
        assert Activity.objects.filter(verb="comment.updated").count() == 1


def test_admins_delete_any_comment_and_members_their_own(client, admin, bob, comment, task):
    other = client.as_(admin).json("POST", URL, {"task": task.pk, "body": "x"}).json()["id"]
    assert client.as_(bob).delete(f"{URL}{other}/").status_code == 403
    assert client.as_(bob).delete(f"{URL}{comment['id']}/").status_code == 204
    assert client.as_(admin).delete(f"{URL}{other}/").status_code == 204


@pytest.mark.parametrize("body", [{"body": ""}, {"body": " "}, {"body": "x" * 20_001}, {"body": 7}, {}])
def test_invalid_fields_are_refused(client, bob, task, body):
    response = client.as_(bob).json("POST", URL, {"task": task.pk, **body})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"body"})


def test_author_is_the_user_who_sends_the_request(client, alice, bob, task, comment):
    body = {"task": task.pk, "body": "x", "author": comment["author"]}
    assert client.as_(alice).json("POST", URL, body).json()["author"] != comment["author"]


def test_viewer_can_read_and_not_write(client, vera, task, comment):
    session = client.as_(vera)
    assert session.get(URL).json()["results"] == [comment]
    for method, url in (("POST", URL), ("PATCH", f"{URL}{comment['id']}/"), ("DELETE", f"{URL}{comment['id']}/")):
        assert session.json(method, url, {"task": task.pk, "body": "x"}).status_code == 403


def test_comments_of_a_hidden_project_are_not_found(client, alice, bob, secret_task):
    hidden = client.as_(alice).json("POST", URL, {"task": "SEC-1", "body": "x"}).json()["id"]
    assert client.as_(bob).get(f"{URL}{hidden}/").status_code == 404
    assert client.as_(bob).get(URL).json()["results"] == []
    assert client.as_(bob).get(URL, {"task": "SEC-1"}).json()["results"] == []


def test_change_may_repeat_the_unchanged_task(client, bob, task, comment):
    for body in ({}, {"task": task.pk}, {"task": "WEB-1"}):
        response = client.as_(bob).json("PATCH", f"{URL}{comment['id']}/", body)
        assert (response.status_code, response.json()) == (200, comment)


def test_task_of_a_comment_cannot_be_changed(client, bob, project, comment):
    other = client.as_(bob).json("POST", "/api/v1/tasks/", {"project": project.pk, "title": "Other"}).json()["id"]
    response = client.as_(bob).json("PATCH", f"{URL}{comment['id']}/", {"task": other})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"task"})

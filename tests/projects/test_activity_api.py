"""/api/v1/activity/"""

import pytest

URL = "/api/v1/activity/"


def test_event_has_actor_verb_and_object(client, acme, alice, bob, project, task):
    first = client.as_(bob).get(URL).json()["results"][0]
    assert first == {
        "id": first["id"],
        "project": str(project.pk),
        "seq": 2,
        "verb": "task.created",
        "actor": first["actor"],
        "object_id": str(task.pk),
        "data": {},
        "created_at": first["created_at"],
    }
    assert client.as_(bob).get(f"/api/v1/members/{first['actor']}/").json()["name"] == "Alice"
    assert client.as_(bob).get(f"{URL}{first['id']}/").json() == first


def test_the_newest_comes_first_and_numbers_have_no_gaps(client, bob, project, task):
    session = client.as_(bob)
    session.json("POST", f"/api/v1/tasks/{task.pk}/complete/")
    session.json("POST", f"/api/v1/tasks/{task.pk}/reopen/")
    session.json("POST", "/api/v1/comments/", {"task": task.pk, "body": "Why?"})
    rows = session.get(URL).json()["results"]
    assert [row["seq"] for row in rows] == [5, 4, 3, 2, 1]
    assert [row["verb"] for row in rows[:3]] == ["comment.created", "task.reopened", "task.completed"]


def test_activity_can_be_filtered(client, bob, project, task):
    session = client.as_(bob)
    for parameters, count in (
        ({"project": project.pk}, 2),
        ({"object": task.pk}, 1),
        ({"project": task.pk}, 0),
        ({"actor": session.get("/api/v1/me/").json()["member"]}, 0),
    ):
        assert len(session.get(URL, parameters).json()["results"]) == count


def test_activity_of_a_hidden_project_is_hidden(client, alice, bob, secret_task):
    assert len(client.as_(alice).get(URL).json()["results"]) == 2
    assert client.as_(bob).get(URL).json()["results"] == []


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_activity_is_read_only(client, alice, task, method):
    event = client.as_(alice).get(URL).json()["results"][0]["id"]
    url = URL if method == "POST" else f"{URL}{event}/"
    assert client.as_(alice).json(method, url, {}).status_code == 405

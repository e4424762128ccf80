"""/api/v1/search/"""

import pytest

URL = "/api/v1/search/"


@pytest.fixture
def session(client, bob, task, subtask):
    session = client.as_(bob)
    session.json("POST", "/api/v1/comments/", {"task": "WEB-1", "body": f"{'x ' * 60}The elephant is grey."})
    return session


def found(session, words, **parameters):
    rows = session.get(URL, {"q": words, **parameters}).json()["results"]
    return [(row["key"], [match["in"] for match in row["matches"]]) for row in rows]


@pytest.mark.parametrize(
    ("words", "where"), [("WELCOME", "title"), ("a picture", "subtask"), ("Elephant", "comment"), ("web-1", None)]
)
def test_it_finds_a_task_by_anything_in_it(session, words, where):
    assert found(session, words) == [("WEB-1", [where] if where else [])]


def test_it_shows_what_stands_around_the_words(session):
    (match,) = session.get(URL, {"q": "elephant"}).json()["results"][0]["matches"]
    assert match["text"].startswith("…x x")
    assert match["text"].endswith("The elephant is grey.")


def test_percent_and_underscore_are_characters(session):
    assert found(session, "%%") == []
    assert found(session, "w_b") == []


def test_it_can_be_narrowed(session, project, task):
    assert found(session, "welcome", project=project.pk)
    assert found(session, "welcome", project=task.pk) == []
    session.json("POST", f"/api/v1/tasks/{task.pk}/archive/")
    assert found(session, "welcome") == []
    assert found(session, "welcome", archived="all")


@pytest.mark.parametrize("parameters", [{}, {"q": "x"}, {"q": ""}, {"q": "a\0b"}, {"q": "x" * 201}, {"query": "xy"}])
def test_without_words_it_says_what_is_missing(session, parameters):
    response = session.get(URL, parameters)
    assert (response.status_code, len(response.json()["errors"]) >= 1) == (400, True)


def test_hidden_projects_are_not_searched(session, secret_task):
    assert found(session, "competition") == []

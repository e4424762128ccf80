"""/api/v1/search/"""

import pytest

from tests.tenancy.reading import count_reading

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
def test_search_finds_a_task_by_any_of_its_texts(session, words, where):
    assert found(session, words) == [("WEB-1", [where] if where else [])]


def test_match_shows_the_surrounding_text(session):
    (match,) = session.get(URL, {"q": "elephant"}).json()["results"][0]["matches"]
    assert match["text"].startswith("…x x")
    assert match["text"].endswith("The elephant is grey.")


def test_percent_and_underscore_are_characters(session):
    assert found(session, "%%") == []
    assert found(session, "w_b") == []


def test_search_can_be_filtered(session, project, task):
    assert found(session, "welcome", project=project.pk)
    assert found(session, "welcome", project=task.pk) == []
    session.json("POST", f"/api/v1/tasks/{task.pk}/archive/")
    assert found(session, "welcome") == []
    assert found(session, "welcome", archived="all")


def write(session, *texts):
    for text in texts:
        assert session.json("POST", "/api/v1/comments/", {"task": "WEB-1", "body": text}).status_code == 201


@pytest.mark.parametrize(
    ("body", "words", "shown"),
    [
        ("Die Straße in İstanbul", "STRASSE istan", "Die Straße in İstanbul"),
        ("ὁδός καὶ ΛΌΓΟΣ", "λογος οδοσ", "ὁδός καὶ ΛΌΓΟΣ"),
        ("请看欢迎页面", "页", "请看欢迎页面"),
        ("请看欢迎页面", "页面 欢迎", "请看欢迎页面"),
        ("안녕하세요", "하", "안녕하세요"),
        ("Cafe\u0301 au lait", "lait CAFÉ", "Café au lait"),
        ("Café au lait", "lait cafe\u0301", "Café au lait"),
        ("Café au lait", "cafe", "Café au lait"),
        ("ﬁle ①", "file 1", "ﬁle ①"),
        ("ｶﾞｷﾞ", "ガギ", "ｶﾞｷﾞ"),
        ("パン", "ﾊﾟ", "パン"),
        ("I don’t", "don't", "I don’t"),
        ("I don't", "don’t", "I don't"),
    ],
)
def test_words_are_found_as_users_write_them(session, body, words, shown):
    write(session, body)
    (row,) = session.get(URL, {"q": words}).json()["results"]
    assert row["matches"] == [{"in": "comment", "text": shown}]


def test_words_match_in_any_order_each_from_its_beginning_wherever_in_the_task(session):
    assert found(session, "pag wel") == [("WEB-1", ["title"])]
    assert found(session, "eleph pict welc") == [("WEB-1", ["title", "subtask", "comment"])]
    assert found(session, "welcome zebra") == []
    assert found(session, "elcome") == []
    assert found(session, "eleph web-1") == [("WEB-1", ["comment"])]


def test_the_same_words_narrow_the_list_of_tasks(session):
    for words, keys in (("pag wel", ["WEB-1"]), ("WÉLCOME", ["WEB-1"]), ("elcome", []), ("\u200b", [])):
        rows = session.get("/api/v1/tasks/", {"q": words}).json()["results"]
        assert [row["key"] for row in rows] == keys, words


def test_changed_task_is_found_by_its_new_text_only(session, task):
    session.json("PATCH", f"/api/v1/tasks/{task.pk}/", {"title": "Ärger", "description": "im Büro"})
    assert found(session, "buro arger") == [("WEB-1", ["title", "description"])]
    assert found(session, "welcome") == []


def test_query_with_too_many_words_is_refused(session):
    few, many = (" ".join(f"{number:03}" for number in range(most)) for most in (40, 41))
    assert session.get(URL, {"q": few}).status_code == 200
    for url in (URL, "/api/v1/tasks/"):
        answer = session.get(url, {"q": many})
        assert (answer.status_code, answer.json()["errors"]) == (400, {"q": ["Search for at most 40 words at once."]})


@pytest.mark.parametrize("parameters", [{}, {"q": "x"}, {"q": ""}, {"q": "a\0b"}, {"q": "x" * 201}, {"query": "xy"}])
def test_query_without_words_is_refused_with_the_reason(session, parameters):
    response = session.get(URL, parameters)
    assert (response.status_code, len(response.json()["errors"]) >= 1) == (400, True)


def test_excerpt_of_a_long_text_is_short(session, task):
    """Words that overlap all over a text, and a word with more marks on it than a user can see."""
    for text, words in (("+-" * 20_000, "+-+ -+-"), ("vv" + "\u0301" * 20_000, "vv")):
        session.json("PATCH", f"/api/v1/tasks/{task.pk}/", {"description": text})
        (row,) = session.get(URL, {"q": words}).json()["results"]
        assert row["matches"][0]["in"] == "description"
        assert len(row["matches"][0]["text"]) <= 400


@pytest.mark.parametrize("url", [URL, "/search/"])
def test_long_text_full_of_matches_is_read_once(session, task, project, monkeypatch, url):
    """Counts characters: the response shows one match of each text and does not search for others."""
    text = ("vv " * 16_600)[:49_900]
    session.json("PATCH", f"/api/v1/tasks/{task.pk}/", {"description": text})
    session.json("POST", "/api/v1/tasks/", {"project": str(project.pk), "title": "vv " * 100, "description": text})
    reading = count_reading(monkeypatch)
    answer = session.get(url, {"q": "vv", **({"page_size": 200} if url == URL else {})})
    assert (answer.status_code, answer.content.decode().count("WEB-")) >= (200, 2)
    assert reading.count < 2 * len(text) + 10_000


def test_hidden_projects_are_not_searched(session, secret_task):
    assert found(session, "competition") == []

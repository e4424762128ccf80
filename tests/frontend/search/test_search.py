"""/search/"""

import pytest

from tasks.actions.comments import create_comment
from tasks.actions.progress import archive_task, complete_task
from tasks.actions.tasks import create_task

URL = "/search/"


@pytest.fixture
def search(client, bob, task, subtask, page):
    def run(words, **filters):
        return page(client.as_(bob).get(URL, {"q": words, **filters}))

    return run


@pytest.mark.parametrize("words", ["WELCOME", "a picture", "web-1"])
def test_search_finds_a_task_by_any_of_its_texts(search, words):
    seen = search(words)
    assert "/tasks/WEB-1/" in seen.links
    assert "1 task" in seen.text


def test_matches_are_marked_and_other_text_is_escaped(client, alice, bob, task, as_member):
    as_member(alice, create_comment, task=task, body="Is 1<2 & <b>2</b>?")
    text = client.as_(bob).get(URL, {"q": "<B>"}).content.decode()
    assert "<mark>&lt;b&gt;</mark>2&lt;/b&gt;?" in text
    assert "Comment:" in text


@pytest.mark.parametrize(
    ("body", "words", "marked"),
    [
        ("İİİ Die Straße", "STRASSE die", "İİİ <mark>Die</mark> <mark>Straße</mark>"),
        ("ὁ λόγος", "ΛΟΓΟΣ", "ὁ <mark>λόγος</mark>"),
        ("请看页面", "页", "请看<mark>页</mark>面"),
        ("ﬃ e\u0301cran", "ecr", "ﬃ <mark>écr</mark>an"),
        ("ｱ ｶﾞｷﾞｸ", "ガギ", "ｱ <mark>ｶﾞｷﾞ</mark>ｸ"),
        ("we don’t", "don't", "we <mark>don’t</mark>"),
    ],
)
def test_matches_are_marked_in_their_original_spelling(client, alice, bob, task, as_member, body, words, marked):
    as_member(alice, create_comment, task=task, body=body)
    assert marked in client.as_(bob).get(URL, {"q": words}).content.decode()


def test_without_words_it_says_what_it_does(client, bob, page):
    response = client.as_(bob).get(URL)
    assert response.status_code == 200
    assert "Search finds words in titles" in page(response).text


@pytest.mark.parametrize(("words", "why"), [("", "This field is required."), ("x", "at least 2 characters")])
def test_words_that_will_not_do_are_explained(search, words, why):
    assert why in search(words).text


def test_when_nothing_is_found_it_says_so(search):
    assert "No results for “zebra”." in search("zebra").text


def test_search_can_be_filtered(search, alice, task, project, as_member):
    assert "/tasks/WEB-1/" in search("welcome", project="WEB").links
    assert "/tasks/WEB-1/" in search("welcome", status="todo").links
    assert "/tasks/WEB-1/" not in search("welcome", status="done").links
    as_member(alice, complete_task, task=task)
    assert "/tasks/WEB-1/" in search("welcome", status="done").links
    as_member(alice, archive_task, task=task)
    assert "/tasks/WEB-1/" not in search("welcome").links
    assert "/tasks/WEB-1/" in search("welcome", archived="true").links
    assert "/tasks/WEB-1/" in search("welcome", archived="all").links


def test_hidden_and_foreign_projects_are_no_filters_and_nothing_of_them_is_found(search, secret_task, foreign_task):
    assert "competition" not in search("competition").text.replace("“competition”", "").replace("competition", "", 1)
    assert "SEC-1" not in search("competition").text
    assert "Spy on acme" not in search("Spy on").text
    for key in ("SEC", "NONE"):
        assert "Select a valid choice" in search("welcome", project=key).text


def test_pages_keep_what_was_looked_for(client, alice, bob, project, as_member, page):
    for number in range(21):
        as_member(alice, create_task, project=project, title=f"Elephant {number}")
    seen = page(client.as_(bob).get(URL, {"q": "elephant", "project": "WEB"}))
    assert "?q=elephant&project=WEB&page=2" in seen.links
    assert "21 tasks" in seen.text
    assert "Elephant 0" in page(client.as_(bob).get(URL, {"q": "elephant", "page": 2})).text
    assert client.as_(bob).get(URL, {"q": "elephant", "page": 3}).status_code == 404


def test_a_nul_in_the_words_is_refused_in_words(search):
    assert "Null characters are not allowed." in search("we\x00b").text

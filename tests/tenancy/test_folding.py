"""The forms of text in which it is sorted and searched."""

import random
import re
import unicodedata

import pytest

from tenancy.folding import BLOCK, JOINER, MOST_MARKS, first_span, folded, normalized, search_words, sort_key, spans
from tests.tenancy.reading import count_reading


def marked(text, query):
    return [text[start:end] for start, end in spans(text, search_words(query))]


def finds(text, query):
    return all(word in folded(text) for word in search_words(query))


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Write the welcome page", "pag WELC", ["welcome"[:4], "page"[:3]]),
        ("Straße nach İstanbul", "STRASSE istanbul", ["Straße", "İstanbul"]),
        ("İİİ Straße web", "web", ["web"]),  # characters before it whose image has another length
        ("ὁ ὀδός", "ΟΔΟΣ", ["ὀδός"]),
        ("İzmir ve Iğdır ılık", "izm ığdır ILIK", ["İzm", "Iğdır", "ılık"]),
        ("Ćevapčići Đakovo Łódź Ærø", "cevapcici dakovo lodz aero", ["Ćevapčići", "Đakovo", "Łódź", "Ærø"]),
        ("请看欢迎页面", "页", ["页"]),
        ("请看欢迎页面", "页面 欢迎", ["欢迎", "页面"]),
        ("第3版web页面", "web 3", ["3", "web"]),
        ("안녕하세요", "하", ["하"]),
        ("สวัสดีครับ", "ครับ", ["ครับ"]),
        ("Ｗｅｂ ｶﾅ", "web カナ", ["Ｗｅｂ", "ｶﾅ"]),
        ("x̌yz abc", "xyz", ["x̌yz"]),  # a mark without a composed form in Unicode
        ("Is 1<2 & <b>2</b>?", "<B>", ["<b>"]),
        ("C++ and C#", "c# c++", ["C++", "C#"]),
        ("a “welcome” page", "„welcome“,", ["welcome"]),
        ("naïve re\u00adview ❤️", "naive review ❤", ["naïve", "re\u00adview", "❤️"]),
        ("foo_bar-baz", "bar baz", ["bar", "baz"]),
        # half-width kana with a separate mark, and the same in full width
        ("ｶﾞｷﾞ です", "ガギ", ["ｶﾞｷﾞ"]),
        ("ガギ", "ｶﾞｷﾞ", ["ガギ"]),
        ("x パン y", "ﾊﾟﾝ y", ["パン", "y"]),
        ("ﾊﾟﾝ y", "ン", ["ﾝ"]),
        ("ｳ\u3099 カﾞ か\u309b", "ヴ ガ が", ["ｳ\u3099", "カﾞ", "か\u309b"]),
        # punctuation that keyboards have and text processors replace
        ("Why don’t we?", "don't", ["don’t"]),
        ("Why don't we?", "DON’T", ["don't"]),
        ("м\u02bcята", "м'ята", ["м\u02bcята"]),
        ("צה״ל", 'צה"ל', ["צה״ל"]),
        ("e\u2011mail 2020–2024", "e-mail 2020-20", ["e\u2011mail", "2020–20"]),
        ("2020-2024", "2020–2024", ["2020-2024"]),
    ],
)
def test_words_are_found_in_any_order_and_shown_as_they_are_written(text, query, shown):
    assert finds(text, query)
    assert marked(text, query) == shown


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("picture", "icture"),
        ("100", "%"),
        ("web", "w_b"),
        ("ab", "a b"),
        ("欢迎", "迎欢"),
        ("Йод", "иод"),
        ("が", "か"),
        ("ｶﾞ", "カ"),
        ("ﾊﾟ", "バ"),
        ("dont", "don't"),
    ],
)
def test_different_words_are_not_found(text, query):
    assert not finds(text, query)


@pytest.mark.parametrize("query", ["", " ", "\u200b", "\u00ad \u2060", "\u0301"])
def test_invisible_query_has_no_words(query):
    assert search_words(query) == []


def test_found_words_have_spans_anywhere_in_the_text():
    """Random texts longer than the blocks in which their images are computed: both methods agree."""
    generator, letters = random.Random(7), "aßİIıςΣé\u0301ﷺ请ｶก็ -.<%_\u00ad①"
    for _ in range(200):
        text = unicodedata.normalize("NFC", "".join(generator.choices(letters, k=generator.choice((5, 520, 1100)))))
        start = generator.randrange(len(text))
        words = search_words(text[start : start + 3])
        found = any(word in folded(text) for word in words)
        assert found == bool(spans(text, words)), (text, words)
        for first, last in spans(text, words):
            assert 0 <= first < last <= len(text)


def test_first_match_is_the_earliest_of_all_words():
    text = "wide page, pages of welcome, İ web"
    for query in ("web", "welcome pag", "pages wid", "zebra"):
        words = search_words(query)
        assert first_span(text, words) == next(iter(spans(text, words)), None)


@pytest.mark.parametrize(
    ("text", "query"),
    [(("vv " * 16_600)[:49_900], "vv"), ("页" * 49_900, "页"), (("vv+" * 16_600)[:49_900], "vv +v")],
)
def test_text_full_of_matches_is_read_a_few_times(monkeypatch, text, query):
    """Counts the folded characters: finding all occurrences reads the text only a few times."""
    words, reading = search_words(query), count_reading(monkeypatch)
    assert first_span(text, words) == (0, len(query.split()[0]))
    assert reading.count <= len(text) + 2 * BLOCK
    reading.count = 0
    assert len(spans(text, words)) >= 16_600
    assert reading.count <= 2 * (len(text) + BLOCK)


def test_marks_on_a_character_are_shown_with_it_up_to_a_limit():
    assert marked("x" + "\u0301" * 20 + "y", "x") == ["x" + "\u0301" * 20]
    assert spans("x" + "\u0301" * 49_000, [" x"]) == [(0, 31)]


def test_character_width_does_not_affect_the_order():
    assert sorted(["ｷﾞ", "ガ", "カ", "キ", "ｶﾞ", "ギ", "ｶ"], key=sort_key) == ["カ", "ｶ", "ガ", "ｶﾞ", "キ", "ｷﾞ", "ギ"]


def test_ascii_text_is_folded_like_text_with_other_characters():
    chance = random.Random(0)
    texts = [chr(code) for code in range(128)]
    texts += ["".join(map(chr, (chance.randrange(128) for _ in range(40)))) for _ in range(200)]
    for text in texts:
        assert f"{folded(text)}e" == folded(f"{text}é")


def test_names_are_sorted_without_case_and_accents():
    names = ["Zebra", "écran", "Eva", "ähnlich", "Apfel", "e-mail", "(new)", "10", "Ωmega", "ёж", "еда", "ель"]
    assert sorted(names, key=sort_key) == [
        *("(new)", "10", "ähnlich", "Apfel", "e-mail", "écran", "Eva", "Zebra", "Ωmega", "еда", "ёж", "ель")
    ]


def test_composed_and_decomposed_letters_are_equal():
    for form in ("NFC", "NFD"):
        assert sort_key(unicodedata.normalize(form, "Écôle 각 が")) == sort_key("ecole 각 が")
        assert search_words(unicodedata.normalize(form, "Écôle")) == [" ecole"]


def test_marks_on_one_letter_are_ordered_in_runs_of_thirty():
    """The time of the sort is quadratic in the length of a run of marks."""
    marks = "\u0301\u0316" * 25_000
    stored = normalized(f"x{marks}")
    assert max(map(len, re.findall("[\u0301\u0316]+", stored))) == MOST_MARKS
    assert stored.replace(JOINER, "").count("\u0316") == 25_000  # and none is lost
    assert normalized(stored) == stored


@pytest.mark.parametrize("text", ["a\u0301" * 2_000, "ก\u0e49" * 2_000, "\u0b95\u0bca" * 2_000])
def test_long_texts_of_real_letters_get_no_joiner(text):
    assert normalized(text) == unicodedata.normalize("NFC", text)

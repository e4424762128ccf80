"""What Markdown costs, and what is kept of it."""

import sys
from collections import Counter
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.utils.safestring import SafeString

from accounts.markdown import stack_frames
from accounts.markdown.parsing import item_lines, split_text
from accounts.markdown.stack_frames import ROOM
from frontend.shared import markdown, markdown_labels
from frontend.shared.html_cache import HTMLCache
from frontend.shared.markdown import cost_of, render_markdown
from frontend.shared.markdown_labels import STEPS
from tenancy.context import tenant_context

N = 20_000
COSTLY = {
    "list": "- a\n" * N,
    "numbered list": "1. a\n" * N,
    "quotes": "> a\n\n" * N,
    "nested quotes": ">" * N,
    "nested lists": "".join("  " * depth + "- a\n" for depth in range(140)),
    "stairs of quotes": "".join(">" * depth + " a\n" for depth in range(200)),
    "lists in quotes": "> - > - a\n" * N,
    "paragraphs": "a\n\n" * N,
    "headings": "# a\n" * N,
    "tables": "|a|\n|-|\n|b|\n\n" * N,
    "brackets": "[" * N,
    "pairs of brackets": "[a] " * N,
    "links": ("[a](b) " * 40 + "\n\n") * N,
    "nested links": "[" * 100 + "a" + "](b)" * 100,
    "emphasis": ("*a_ " * 70 + "\n\n") * N,
    "strong": ("**a** " * 70 + "\n\n") * N,
    "code": ("`a` " * 70 + "\n\n") * N,
    "addresses": "https://a.b/c " * N,
    "addresses without spaces": "https://a.b/https://" * N,
    "schemes": "a://" * N,
    "brackets in addresses": "https://a.b/" + "[(" * 70 + " www.a.b/" + ")." * N,
    "dots": "www." * N,
    "lines": "a\n" * N,
    "items": "- [ ] a\n" * N,
    "markers of items": "- " * N + "[ ] a",
    "references": "note:1 " * N,
    "pictures": ("![a](b) " * 40 + "\n\n") * N,
    "nested pictures": "![" * 100 + "a" + "](b)" * 100,
    "open pictures": ("![" * 150 + "\n\n") * N,
    "open pictures before one": ("![" * 148 + "a](b)\n\n") * N,
    "open brackets before a link": ("[" * 290 + "a](b)\n\n") * N,
    "brackets before a link": ("[a][" * 70 + "a](b)\n\n") * N,
    "emphasis in emphasis": ("*_" * 150 + "\n\n") * N,
    "lines of old computers": "- a\r" * N,
    "addresses that go on": "www.a.b," * N,
}


@pytest.fixture
def counted(monkeypatch):
    """Count the steps of the parser: its rules that are tried, for blocks and within lines, and its looks ahead."""
    steps = Counter()
    skip = markdown._markdown.inline.skipToken

    def skipping(state):
        steps["ahead"] += 1
        skip(state)

    monkeypatch.setattr(markdown._markdown.inline, "skipToken", skipping)

    def count(ruler):
        def counting(rule):
            def call(*args):
                steps["all"] += 1
                return rule(*args)

            return call

        monkeypatch.setattr(
            ruler, "getRules", lambda chain, found=ruler.getRules: [counting(each) for each in found(chain)]
        )

    for ruler in (markdown._markdown.block.ruler, markdown._markdown.inline.ruler):
        count(ruler)
    return steps


@pytest.mark.parametrize("length", [20_000, 50_000])
@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_the_steps_of_the_parser_grow_with_the_cost_and_no_faster(text, length, counted):
    text = text[:length]
    markdown._render(text)
    assert counted["all"] < 8 * cost_of(split_text(text)[0])
    assert counted["ahead"] <= STEPS * len(text)


def test_the_frames_of_the_parser_have_room_in_one_chunk():
    """Its calls would map and unmap memory otherwise, a hundred thousand times for one text."""
    used, most = 0, 0

    def measure(frame, event, _argument):
        nonlocal used, most
        code = frame.f_code
        names = len(code.co_varnames) + len(code.co_cellvars) + len(code.co_freevars)
        size = 8 * (names + code.co_stacksize + 12)  # with what CPython keeps about the call
        if event in ("call", "return") and size < ROOM // 2:  # without the frame that makes the room
            used += size if event == "call" else -size
            most = max(most, used)

    texts = [each[:2_000] for each in COSTLY.values()]
    for text in texts:
        sys.setprofile(measure)
        try:
            markdown._render(text)
        finally:
            sys.setprofile(None)
        used = 0
    assert 8_000 < most < ROOM  # more than what CPython leaves below any frame, less than is taken


@pytest.mark.parametrize("read", [lambda: markdown._render("a"), lambda: item_lines("a")])
def test_texts_are_read_where_there_is_room(read, monkeypatch):
    sizes = set()
    sys.setprofile(lambda frame, event, _argument: sizes.add(frame.f_code.co_stacksize))
    try:
        read()
    finally:
        sys.setprofile(None)
    assert stack_frames._SLOTS in sizes


def test_labels_are_nested_five_deep_at_most(monkeypatch):
    depths = []
    find = markdown_labels._find_end
    monkeypatch.setattr(
        markdown_labels, "_find_end", lambda state, *rest: depths.append(state.env["labels"]) or find(state, *rest)
    )
    html = markdown._render("![" * 20 + "a" + "](b)" * 20)
    assert max(depths) == 5
    assert "<data" in html


@pytest.mark.parametrize("text", [">" * N + "a", "- " * N + "a", "> - " * N + "a"])
def test_nesting_is_limited(text):
    html = render_markdown(text)
    assert html.count("<blockquote>") + html.count("<ul>") + html.count("<li>") <= 21


def test_lines_after_the_two_thousandth_are_shown_as_they_are():
    html = render_markdown("- *a*\n" * 2000 + "- <b> *last*\n")
    assert html.count("<li>") == html.count("<em>") == 2000
    assert html.endswith("</ul>\n<pre>- &lt;b&gt; *last*\n</pre>\n")


def test_lines_are_counted_however_they_end():
    for end in ("\r", "\r\n"):
        assert render_markdown(f"- a{end}" * 3000).count("<li>") == 2000
        assert cost_of(f"a{end}" * 10) == cost_of("a\n" * 10) + 10 * (len(end) - 1)


def test_a_text_is_rendered_once(monkeypatch):
    read = []
    render = markdown._markdown.render
    monkeypatch.setattr(markdown._markdown, "render", lambda text: read.append(text) or render(text))
    text = f"*{uuid4()}*"
    assert render_markdown(text) == render_markdown(text) == render(text)
    assert isinstance(render_markdown(text), SafeString)
    render_markdown(f"{text} ")
    assert read == [text, f"{text} "]


def test_an_account_is_not_told_what_another_has_rendered(acme, globex, monkeypatch):
    read, text = [], str(uuid4())
    render = markdown._markdown.render
    monkeypatch.setattr(markdown._markdown, "render", lambda text: read.append(text) or render(text))
    for tenant in (acme, globex, acme, globex):
        with tenant_context(tenant):
            render_markdown(text)
    assert read == [text, text]


def test_cache_is_limited_and_drops_the_oldest_entries():
    one = sys.getsizeof("x" * 1000) + sys.getsizeof(1)
    kept = HTMLCache(20 * one)
    for number in range(20):
        kept.put(number, "x" * 1000)
    assert kept.get(0)  # which makes it the newest
    kept.put(20, "x" * 1000)
    kept.put(20, "x" * 1000)
    assert [number for number in range(21) if not kept.get(number)] == [1]
    assert kept.bytes == 20 * one
    kept.put("huge", "x" * 2_000)
    assert (kept.get("huge"), kept.bytes) == (None, 20 * one)


def test_cache_counts_what_its_keys_hold():
    @dataclass(frozen=True, slots=True)
    class Key:
        texts: tuple[str, ...]

    kept = HTMLCache(1_000_000)
    for number in range(100):
        kept.put((Key((f"{number}" * 10_000,)), number), "short")
    assert 900_000 < kept.bytes <= 1_000_000
    assert len([number for number in range(100) if kept.get((Key((f"{number}" * 10_000,)), number))]) < 60
    kept.clear()
    assert kept.bytes == 0

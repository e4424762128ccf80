"""Markdown."""

import sys
from collections import Counter
from time import process_time
from uuid import uuid4

import pytest
from django.utils.safestring import SafeString

from frontend import prose
from frontend.prose import MOST, cost_of, render_markdown
from tenancy.context import tenant_context


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Say **hello** to *everybody*", "<p>Say <strong>hello</strong> to <em>everybody</em></p>"),
        ("# Title", "<h3>Title</h3>"),  # the page has an h1 and the section an h2
        ("###### Deep", "<h6>Deep</h6>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("~~wrong~~", "<p><s>wrong</s></p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
    ],
)
def test_it_knows_the_usual_marks(text, html):
    assert render_markdown(text).strip() == html


def test_links_lead_out_without_a_trace():
    html = render_markdown('[here](https://example.com "Title")')
    assert html.strip() == (
        '<p><a href="https://example.com" title="Title" rel="noopener noreferrer nofollow">here</a></p>'
    )


def test_tables_have_no_styles():
    html = render_markdown("| a |\n|:-:|\n| b |")
    assert "<th>a</th>" in html
    assert "style" not in html


def test_pictures_stay_links():
    assert "<img" not in render_markdown("![a](https://evil.example/a.png)")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,eA==)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "```<script>\nx\n```",
        '[x](https://example.com"onmouseover="alert(1))',
        "<svg><style>@import 'https://evil.example'</style></svg>",
    ],
)
def test_attacks_become_text(text):
    html = render_markdown(text)
    for mark in ("<script", "<img", "<svg", "<style", 'href="java', 'href="data', 'href="vb', " onmouseover="):
        assert mark not in html


def test_deep_nesting_ends():
    assert render_markdown(">" * 5000 + "x")
    assert render_markdown("[" * 5000)


@pytest.mark.parametrize(
    "text",
    [
        "[" * MOST,
        "![" * MOST,
        "**a" * MOST,
        "*a_ " * MOST,
        "[a](" * MOST,
        f"{'|'.join('a' * 100)}\n{'|'.join('-' * 100)}\n" + "a\n" * MOST,
        f"[a]: /{'x' * (MOST // 2)}\n" + "[a] " * MOST,
        "[a]: b\n" * MOST,
    ],
)
def test_no_text_takes_long_or_becomes_a_huge_page(text):
    began = process_time()
    html = render_markdown(text)
    assert process_time() - began < 5  # it was minutes, of everybody's time
    assert len(html) < 20 * MOST


def test_a_heap_of_marks_is_shown_as_it_is():
    assert "[" * 500 in render_markdown("[" * 500)
    assert "<em>b</em>" in render_markdown("[" * 500 + "\n\n*b*")  # what stands beside it is read


def test_a_long_table_with_few_cells_stays_one():
    assert render_markdown("|a|b|\n|-|-|\n" + "|c|d|\n" * 1000).count("<td>") == 2000


# What it costs -----------------------------------------------------------------------------------------------------

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
}


@pytest.fixture
def counted(monkeypatch):
    """Count the steps of the parser: its rules that are tried, for blocks and within lines."""
    steps = Counter()

    def count(ruler):
        def counting(rule):
            def call(*args):
                steps["all"] += 1
                return rule(*args)

            return call

        monkeypatch.setattr(
            ruler, "getRules", lambda chain, found=ruler.getRules: [counting(each) for each in found(chain)]
        )

    for ruler in (prose._markdown.block.ruler, prose._markdown.inline.ruler):
        count(ruler)
    return steps


@pytest.mark.parametrize("length", [20_000, 50_000])
@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_the_steps_of_the_parser_grow_with_the_cost_and_no_faster(text, length, counted):
    text = text[:length]
    prose._render(text)
    assert counted["all"] < 8 * cost_of("\n".join(text.split("\n")[: prose.MOST_LINES]))


@pytest.mark.parametrize("text", [">" * N + "a", "- " * N + "a", "> - " * N + "a"])
def test_nesting_is_limited(text):
    html = render_markdown(text)
    assert html.count("<blockquote>") + html.count("<ul>") + html.count("<li>") <= 21


def test_lines_after_the_two_thousandth_are_shown_as_they_are():
    html = render_markdown("- *a*\n" * 2000 + "- <b> *last*\n")
    assert html.count("<li>") == html.count("<em>") == 2000
    assert html.endswith("</ul>\n<pre>- &lt;b&gt; *last*\n</pre>\n")


def test_a_text_is_rendered_once(monkeypatch):
    read = []
    render = prose._markdown.render
    monkeypatch.setattr(prose._markdown, "render", lambda text: read.append(text) or render(text))
    text = f"*{uuid4()}*"
    assert render_markdown(text) == render_markdown(text) == render(text)
    assert isinstance(render_markdown(text), SafeString)
    render_markdown(f"{text} ")
    assert read == [text, f"{text} "]


def test_an_account_is_not_told_what_another_has_rendered(acme, globex, monkeypatch):
    read, text = [], str(uuid4())
    render = prose._markdown.render
    monkeypatch.setattr(prose._markdown, "render", lambda text: read.append(text) or render(text))
    for tenant in (acme, globex, acme, globex):
        with tenant_context(tenant):
            render_markdown(text)
    assert read == [text, text]


def test_what_is_kept_has_a_limit_and_the_oldest_go(monkeypatch):
    kept = prose.Rendered()
    one = sys.getsizeof("x" * 1000)
    monkeypatch.setattr(prose, "MOST_KEPT", 3 * one)
    for number in range(3):
        kept.put(number, "x" * 1000)
    assert kept.get(0)  # which makes it the newest
    kept.put(3, "x" * 1000)
    kept.put(3, "x" * 1000)
    assert [bool(kept.get(number)) for number in range(4)] == [True, False, True, True]
    assert kept.bytes == 3 * one
    kept.put("huge", "x" * 10_000)
    assert (kept.get("huge"), kept.bytes) == (None, 0)

"""Markdown."""

from time import process_time

import pytest

from frontend.prose import MOST, render_markdown


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

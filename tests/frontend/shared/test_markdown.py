"""Markdown."""

import re
from time import process_time

import pytest

from accounts.markdown.parsing import MOST
from frontend.shared import markdown
from frontend.shared.markdown import render_markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Say **hello** to *visitors*", "<p>Say <strong>hello</strong> to <em>visitors</em></p>"),
        ("# Title", "<h3>Title</h3>"),  # the page has an h1 and the section an h2
        ("###### Deep", "<h6>Deep</h6>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("~~wrong~~", "<p><s>wrong</s></p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
    ],
)
def test_usual_markdown_is_rendered(text, html):
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


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo", "<p>One<br>\ntwo</p>"),
        ("一行\n二行\n\n三行", "<p>一行<br>\n二行</p>\n<p>三行</p>"),
        ("- One\n  two", "<ul>\n<li>One<br>\ntwo</li>\n</ul>"),
        ("> One\n> two", "<blockquote>\n<p>One<br>\ntwo</p>\n</blockquote>"),
    ],
)
def test_lines_end_where_they_were_ended(text, html):
    assert render_markdown(text).strip() == html


def linked(text):
    """Return (address, text) of each link."""
    return re.findall(r'<a href="([^"]*)" rel="noopener noreferrer nofollow">([^<]*)</a>', render_markdown(text))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://example.com/a.", "https://example.com/a"),
        ("(https://example.com/a), and", "https://example.com/a"),
        ("“https://example.com/a”!", "https://example.com/a"),
        ("**https://example.com/a**", "https://example.com/a"),
        ("https://en.wikipedia.org/wiki/Tree_(graph_theory)", "https://en.wikipedia.org/wiki/Tree_(graph_theory)"),
        ("(https://en.wikipedia.org/wiki/Tree_(graph_theory)).", "https://en.wikipedia.org/wiki/Tree_(graph_theory)"),
        ("https://example.com/_emphasis_/and~more", "https://example.com/_emphasis_/and~more"),
        ("HTTP://Example.com:8000/", "HTTP://Example.com:8000/"),
        ("www.example.com/a, and", "www.example.com/a"),
        ("请看https://example.com/a。谢谢", "https://example.com/a"),
        ("请看https://example.com/a谢谢", "https://example.com/a"),
        ("（https://example.com/a）", "https://example.com/a"),
        ("詳細はwww.example.com/aをご覧ください", "www.example.com/a"),
        ("https://example.com/a를 보세요", "https://example.com/a"),
        ("ดูhttps://example.com/aนะ", "https://example.com/a"),
        ("https://ru.wikipedia.org/wiki/Россия, да", "https://ru.wikipedia.org/wiki/Россия"),
        ("https://例え.jp/a", "https://例え.jp/a"),
        ("https://example.com:8000, and", "https://example.com:8000"),
        ("https://example.com: and", "https://example.com"),
        ("https://example.com... and", "https://example.com"),
        ("**https://example.com**", "https://example.com"),
        ("https://example.com谢谢", "https://example.com"),
        ("https://example.com 谢谢 c@example.com", "https://example.com"),
        ("https://example.com\\\nand", "https://example.com"),
        ("https://example.com/@user", "https://example.com/@user"),
        ("https://example.com?q=@user", "https://example.com?q=@user"),
        ("| a |\n|-|\n| https://example.com/a |", "https://example.com/a"),
    ],
)
def test_addresses_are_links(text, address):
    (found,) = linked(text)
    assert found[1] == address
    assert found[0].lower().startswith(("https://", "http://"))


def test_an_address_keeps_its_query():
    assert linked("https://example.com/?a=1&copy=2&filter[b]=3&lt;") == [
        (
            "https://example.com/?a=1&amp;copy=2&amp;filter%5Bb%5D=3",
            "https://example.com/?a=1&amp;copy=2&amp;filter[b]=3",
        )
    ]
    assert linked("www.example.com") == [("https://www.example.com", "www.example.com")]


@pytest.mark.parametrize(
    "text",
    [
        *("README.md", "example.com", "`https://example.com`", "javascript://example.com", "ftp://example.com"),
        *("xhttps://example.com", "https://", "http:/example.com", "a@www.example.com", "www.example", "file:///etc"),
    ],
)
def test_text_that_is_not_a_url_is_not_linked(text):
    assert "<a" not in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://user@example.com",
            "http://user:pw@h.com/",
            "https://user:1@h.com",
            "https://paypal.com@evil.example",
        ),
        *("www.paypal.com@evil.example", "https://a,b;c!d@evil.example/", "https://paypal.com例@evil.example"),
        *(
            "https://paypal.com&#64;evil.example",
            "https://a,&commat;evil.example",
            r"https://paypal.com\@evil.example",
        ),
        f"https://user:{'p' * 300}@example.com",
        *("http://a..b", "www.a..b", "https://paypal.com*.evil.example*", r"https://paypal.com\.evil.example"),
        *("https://paypal.com&period;evil.example", "https://a.b\u200b.c", "https://a.b\u00adc", "http://a%2eb/"),
        *("https://a.b:123456/", "https://a.b:80c", "https://例a.jp:x/", "https://fe80::1/"),
        *("https://[::1]/", "https://[::1]:8000/", "http://user@[::1]/"),
    ],
)
def test_part_of_an_address_is_no_link(text):
    assert "<a" not in render_markdown(text)


def test_an_address_in_a_link_is_the_text_of_that_link():
    assert linked("[https://example.com/a](https://other.example)") == [
        ("https://other.example", "https://example.com/a")
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[![a](https://b.example)](https://c.example)", [("https://c.example", "a")]),
        ("[[[a]]](https://c.example)", [("https://c.example", "[[a]]")]),
        ("[a `]` b](https://c.example)", []),  # has code in it
        ("[" * 200 + "\n\n[a](https://c.example)", [("https://c.example", "a")]),
        ("![" * 140 + "\n\n[a](https://c.example)", [("https://c.example", "a")]),
        ("[ [0, 1) [a](https://c.example)", [("https://c.example", "a")]),
    ],
)
def test_links_are_found_among_other_brackets(text, found):
    assert linked(text) == found


def test_pictures_from_elsewhere_are_links():
    html = render_markdown(
        '![a](https://evil.example/a.png "b") ![](//evil.example/b.png) ![c](data:image/png;base64,eA==)'
    )
    assert "<img" not in html
    assert '<a href="https://evil.example/a.png" title="b" rel="noopener noreferrer nofollow">a</a>' in html
    assert '<a href="//evil.example/b.png" rel="noopener noreferrer nofollow">//evil.example/b.png</a>' in html
    assert "!" not in html


def test_a_picture_in_a_link_is_its_text():
    assert linked("[![a](https://evil.example/a.png)](https://example.com)") == [("https://example.com", "a")]


def test_reader_dependent_markup_is_text_without_a_reader():
    html = render_markdown("- [x] Call note:42\n- ![Plan](plan.png)")
    assert html == '<ul>\n<li class="item">Call note:42</li>\n<li>Plan</li>\n</ul>\n'


def test_reference_that_an_app_registers_is_a_place():
    place = '<data value="note:note:7">note:7</data>'
    html = markdown.render_kept("See note:7, `note:7`, [note:7](/) and anote:7")
    assert html.startswith(f"<p>See {place}, <code>note:7</code>, <a href")
    assert html.endswith(">note:7</a> and anote:7</p>\n")


@pytest.mark.parametrize("text", ['<data value="note:1">x</data>', '[x](/ "<data value=&quot;note:1&quot;>")'])
def test_a_place_for_readers_cannot_be_written(text):
    assert not re.search(r'<data value="note:[^"]*">x|title="<data', markdown.render_kept(text))


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
        "- [ ] a\n" * MOST,
        "AB-1 " * MOST,
        "www.a.b " * MOST,
        "https://a.b/" * MOST,
        "https://a.b/" + ").," * MOST,
        "https://a.b/" + "&a;" * MOST,
        "![" * 100 + "](a)" * 100,
        "- " * MOST + "[ ] a",
    ],
)
def test_no_text_takes_long_or_becomes_a_huge_page(text):
    began = process_time()
    html = render_markdown(text)
    assert process_time() - began < 5  # it took minutes, and delayed all requests
    assert len(html) < 20 * MOST


def test_a_heap_of_marks_is_shown_as_it_is():
    assert "[" * 500 in render_markdown("[" * 500)
    assert "<em>b</em>" in render_markdown("[" * 500 + "\n\n*b*")  # what stands beside it is read


def test_a_long_table_with_few_cells_stays_one():
    assert render_markdown("|a|b|\n|-|-|\n" + "|c|d|\n" * 1000).count("<td>") == 2000

"""Items of task lists in the source of a text."""

import pytest

from accounts.markdown import parsing
from tasks.actions.checklists import tick_in_description
from tasks.checklists import ItemChanged, Tick, fingerprint, ticked
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

TEXT = "Before:\n\n- [ ] One\r\n- [x] Two\n\n  1. [ ] Three\n> * [X] Four\r+ [ ]\tFive"


@pytest.mark.parametrize(
    ("line", "done", "result"),
    [
        (2, True, TEXT.replace("[ ] One", "[x] One")),
        (3, False, TEXT.replace("[x] Two", "[ ] Two")),
        (5, True, TEXT.replace("[ ] Three", "[x] Three")),
        (6, False, TEXT.replace("[X] Four", "[ ] Four")),
        (7, True, TEXT.replace("[ ]\tFive", "[x]\tFive")),
        (2, False, TEXT),
        (6, True, TEXT),  # a capital one is left as it was written
    ],
)
def test_exactly_one_mark_changes(line, done, result):
    assert ticked(TEXT, Tick(line, done, fingerprint(TEXT))) == result


@pytest.mark.parametrize("line", [0, 1, 4, 8, 99_999])
def test_a_line_without_an_item_is_refused(line):
    with pytest.raises(ItemChanged):
        ticked(TEXT, Tick(line, True, fingerprint(TEXT)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("```\n- [ ] code\n```", 1),
        ("~~~\n- [ ] code that has no end", 1),
        ("    - [ ] indented", 0),
        ("- a\n\n      - [ ] indented in an item", 2),
        ("> ```\n> - [ ] quoted", 1),
        ("a\n2. [ ] the paragraph goes on", 1),
        (f"- [ ] {'[' * 301}", 0),
        ("a\n" * 2000 + "- [ ] shown as it is", 2000),
        ("- [ ] a\n" * 501, 500),
    ],
)
def test_a_line_that_only_looks_like_an_item_is_refused(text, line):
    with pytest.raises(ItemChanged):
        ticked(text, Tick(line, True, fingerprint(text)))


def test_tick_parses_blocks_of_the_seen_text_only(monkeypatch):
    parse, read = parsing._blocks.block.parse, []
    monkeypatch.setattr(parsing._blocks.block, "parse", lambda text, *rest: read.append(text) or parse(text, *rest))
    monkeypatch.setattr(parsing._blocks.inline, "parse", None)
    ticked(TEXT, Tick(2, True, fingerprint(TEXT)))
    assert len(read) == 1
    for tick in (Tick(2, True, fingerprint("")), Tick(0, True, fingerprint(TEXT)), Tick(99, True, fingerprint(TEXT))):
        with pytest.raises(ItemChanged):
            ticked(TEXT, tick)
    assert len(read) == 1


@pytest.mark.parametrize("changed", [f"New\n{TEXT}", TEXT.replace("One", "Won"), TEXT[:-1], ""])
def test_tick_in_a_changed_text_is_refused(changed):
    with pytest.raises(ItemChanged):
        ticked(changed, Tick(2, True, fingerprint(TEXT)))


def test_items_ticked_by_others_are_not_a_conflict():
    other = ticked(TEXT, Tick(5, True, fingerprint(TEXT)))
    assert ticked(other, Tick(2, True, fingerprint(TEXT))) == other.replace("[ ] One", "[x] One")


@pytest.mark.parametrize("text", ["- " * 25_000, "- [ ] a\n" * 6_000, "1" * 50_000, "> " * 25_000, "- >" * 16_000])
def test_long_lines_are_read_once(text):
    assert len(fingerprint(text)) == 16


@pytest.mark.django_db(transaction=True)
def test_parallel_ticks_are_all_stored(acme, alice, bob, task, at_once):
    text = "- [ ] One\n- [ ] Two\n- [ ] Three"
    with tenant_context(acme):
        Task.objects.update(description=text)
        people = [membership_of(alice, acme), membership_of(bob, acme), membership_of(bob, acme)]

    def tick(line):
        tick_in_description(task=task, actor=people[line], tick=Tick(line, True, fingerprint(text)))

    assert at_once(*(lambda line=line: tick(line) for line in range(3))) == []
    with tenant_context(acme):
        assert Task.objects.get().description == text.replace("[ ]", "[x]")

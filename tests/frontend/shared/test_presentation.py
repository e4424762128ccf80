"""Days, names and colors as people see them."""

from datetime import date
from uuid import UUID

import pytest

from frontend.shared.presentation import (
    ACCENTS,
    PEOPLE,
    accent_of,
    color_of_person,
    day_in_words,
    full_date,
    initials,
    lateness,
)

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 20), "yesterday"),
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 22), "tomorrow"),
        (date(2026, 11, 24), "Nov 24"),
        (date(2026, 1, 2), "Jan 2"),
        (date(2027, 1, 2), "Jan 2, 2027"),
        (date(2025, 12, 31), "Dec 31, 2025"),
    ],
)
def test_days_are_said_as_people_say_them(day, words):
    assert day_in_words(day, TODAY) == words


def test_yesterday_may_be_in_another_year():
    assert day_in_words(date(2026, 12, 31), date(2027, 1, 1)) == "yesterday"


def test_the_full_date_leaves_no_doubt():
    assert full_date(date(2026, 11, 24)) == "Tuesday, November 24, 2026"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 11, 21), ""),
        (date(2026, 12, 1), ""),
        (date(2026, 11, 20), "1 day late"),
        (date(2026, 11, 1), "20 days late"),
    ],
)
def test_lateness_is_counted_in_days(due, words):
    assert lateness(due, TODAY) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("Ada King, Countess of Lovelace", "AL"),
        ("Bob", "BO"),
        ("bob@example.com", "BO"),
        ("ada.lovelace@example.com", "AL"),
        ("Ö", "Ö"),
        ("李 小龙", "李小"),
        ("", "?"),
        ("   ", "?"),
        ("@", "?"),
    ],
)
def test_people_have_one_or_two_letters(name, letters):
    assert initials(name) == letters


def test_a_person_keeps_their_color():
    colors = [color_of_person(UUID(int=number)) for number in range(50)]
    assert colors == [color_of_person(UUID(int=number)) for number in range(50)]
    assert set(colors) == {str(color) for color in PEOPLE}


def test_neighboring_accounts_differ():
    accents = [accent_of(f"tenant-{number}") for number in range(len(ACCENTS))]
    assert len(set(accents)) == len(ACCENTS)

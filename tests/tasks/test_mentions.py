"""What counts as a mention, text by text."""

import time
import unicodedata

import pytest

from accounts.models import Membership, User
from tasks.mentions import mentioned


def member(name, email):
    return Membership(user=User(name=name, email=email))


ADA = member("Ada Lovelace", "ada@example.com")
ADAM = member("Ada", "adam@example.co")
ZOE = member("Zoë Strauß", "zoe+work@example.com")
NAMELESS = member("", "nameless@example.com")
TWIN = member("Ada", "twin@example.com")
ALL = [ADA, ADAM, ZOE, NAMELESS, TWIN]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Ada Lovelace", [ADA]),
        ("@ADA  lovelace's turn", [ADA]),
        ("@ada\nlovelace", [ADA]),
        ("@Ada, please", [ADAM, TWIN]),
        ("@Ada Love", [ADAM, TWIN]),
        ("@ada@example.com.", [ADA]),
        ("**@ada@example.com**", [ADA]),
        ("- [ ] @nameless@example.com", [NAMELESS]),
        ("> @ZOË STRAUSS", [ZOE]),
        (unicodedata.normalize("NFD", "@Zoë Strauß"), [ZOE]),
        ("@zoe+work@example.com @Ada Lovelace", [ZOE, ADA]),
        ("| a |\n|---|\n| @Ada Lovelace |", [ADA]),
        ("@Ada Lovelace @Ada Lovelace", [ADA]),
        # the word goes on, or began before
        ("@Adam", []),
        ("@Ada-Marie", []),
        ("@ada@example.community", []),
        ("@adam@example.co.uk", []),
        ("write to ada@example.com", []),
        ("x@Ada", []),
        ("https://example.com/@Ada", []),
        ("@@Ada", []),
        ("@ Ada", []),
        ("@", []),
        ("", []),
        # code
        ("`@Ada Lovelace`", []),
        ("@`x`Ada", []),
        ("    @Ada Lovelace", []),
        ("```\n@Ada Lovelace\n```", []),
        ("``` @Ada Lovelace", []),
        ("`a` @Ada Lovelace `b`", [ADA]),
    ],
)
def test_it_means(text, meant):
    assert mentioned(text, ALL) == meant


@pytest.mark.parametrize(
    "text", ["@" * 20_000, "@a" * 10_000, "@Ada " * 4_000, "[" * 10_000 + "@Ada", "> " * 9_000 + "@"]
)
def test_a_hostile_text_takes_no_time(text):
    members = [member(f"{'x' * (number % 150)} {number}", f"m{number}@example.com") for number in range(1000)]
    started = time.process_time()
    mentioned(text, [*members, *ALL])
    assert time.process_time() - started < 2

"""Texts and the mentions that they contain."""

import re
import time
import unicodedata

import pytest

from accounts.models import Membership, User
from tasks.mentions import JOINING, mentioned
from tenancy.folding import UNSPACED
from tests.config.test_settings import ROOT


def member(name, email):
    return Membership(user=User(name=name, email=email))


ADA = member("Ada Lovelace", "ada@example.com")
ADAM = member("Ada", "adam@example.co")
ZOE = member("Zoë Strauß", "zoe+work@example.com")
NAMELESS = member("", "nameless@example.com")
TWIN = member("Ada", "twin@example.com")
WANG = member("王小明", "wang@example.com")
KIM = member("김철수", "kim@example.com")
SOMCHAI = member("สมชาย", "somchai@example.com")
YUI = member("ゆい", "yui@example.com")
ALL = [ADA, ADAM, ZOE, NAMELESS, TWIN, WANG, KIM, SOMCHAI, YUI]


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
        ("~~@Ada Lovelace~~", [ADA]),
        (f"{'*_' * 200} @Ada Lovelace", [ADA]),  # shown as it is written, with too many marks to be read
        ("x\n" * 2_001 + "\n    @Ada Lovelace", [ADA]),  # as are lines behind the two thousandth
        # scripts without spaces between words
        ("请@王小明看", [WANG]),
        ("请@Ada Lovelace看", [ADA]),
        ("请@ada@example.com看", [ADA]),
        ("@김철수님, 확인해 주세요", [KIM]),
        ("안녕@김철수", [KIM]),
        ("ถาม@สมชายครับ", [SOMCHAI]),
        ("ที่@สมชาย", [SOMCHAI]),  # a mark is before the sign
        ("お願い@ゆいさん", [YUI]),
        ("请\uff20王小明看", [WANG]),  # as input methods write it
        ("「@王小明」、@ゆい。", [WANG, YUI]),
        # the word goes on, or began before
        ("ada@王小明.example", []),
        ("é@王小明", []),
        ("x\u0301@王小明", []),
        ("用户@王小明.公司", []),
        ("@สมชาย\u0e49", []),
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
def test_text_mentions_the_expected_members(text, meant):
    assert mentioned(text, ALL) == meant


SHORT = member("王小", "short@example.com")
ANNA, ANNA_B = member("Anna", "anna@example.com"), member("Anna B", "b@example.com")
KA = member("ｶ", "ka@example.com")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@王小明看", [WANG]),
        ("@王小看", [SHORT]),
        ("@王小 明", [SHORT]),
        ("@王小", [SHORT]),
        ("@王小明2", []),
        ("@王小明_", []),
        ("@王小明-x", []),
        ("@王小明\u3099", []),
        ("@王小明\uff9e", []),
        ("@王小明x", []),
        ("@王小明@example.com", []),
        ("@王小明.com", []),
        ("@王小明2 @王小看", [SHORT]),
        ("@ｶﾞ", []),
        ("@ｶさん", [KA]),
        ("@Anna B", [ANNA_B]),
        ("@Anna B.", [ANNA_B]),
        ("@Anna B2", []),
        ("@Anna B-Z", []),
        ("@Anna but not today", [ANNA]),
        ("@Anna, but", [ANNA]),
    ],
)
def test_longest_of_matching_names_is_mentioned(text, meant):
    assert mentioned(text, [SHORT, WANG, ANNA, ANNA_B, KA]) == meant


@pytest.mark.parametrize(
    "text", ["@" * 20_000, "@a" * 10_000, "@Ada " * 4_000, "[" * 10_000 + "@Ada", "> " * 9_000 + "@"]
)
def test_a_hostile_text_takes_no_time(text):
    members = [member(f"{'x' * (number % 150)} {number}", f"m{number}@example.com") for number in range(1000)]
    started = time.process_time()
    mentioned(text, [*members, *ALL])
    assert time.process_time() - started < 2


def test_browser_and_server_agree_on_where_a_mention_begins():
    script = (ROOT / "frontend/static/frontend/task/mentions.js").read_text()
    ranges = re.findall(r"\\u\{(\w+)\}-\\\\u\{(\w+)\}", script)
    assert tuple((int(first, 16), int(last, 16)) for first, last in ranges) == UNSPACED
    joining = re.search(r"\[\^\\\\p\{L\}\\\\p\{N\}\\\\p\{M\}([^\]]+)\]", script)[1]
    assert set(joining.replace("\\uff20", "\uff20")) == set(JOINING)

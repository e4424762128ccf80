from itertools import islice

import pytest

from projects.keys import free_keys, key_from
from projects.models import validate_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Website", "WEB"),
        ("Mobile app", "MA"),
        ("The quick brown fox jumps", "TQBF"),
        ("Größe", "GRO"),
        ("go", "GO"),
        ("X", "PRJ"),
        ("3D printing", "PRJ"),
        ("2026", "PRJ"),
        ("プロジェクト", "PRJ"),
        ("🚀", "PRJ"),
        ("--", "PRJ"),
        ("Area 51", "A5"),
    ],
)
def test_a_key_comes_from_the_name(name, key):
    assert key_from(name) == key
    validate_key(key)


def test_a_key_that_is_taken_gets_a_number():
    assert next(free_keys("Website", {"WEB", "WEB2"})) == "WEB3"


def test_keys_do_not_run_out_and_stay_valid():
    for key in islice(free_keys("The quick brown fox", set()), 0, 100_000, 777):
        validate_key(key)

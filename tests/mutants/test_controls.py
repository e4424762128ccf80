"""The snippets and tests of every mutant exist, because `make mutants` takes an hour and runs rarely."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.__main__ import MUTANTS
from tests.mutants.runner import ROOT

DEFINED = re.compile(r"^\s*(?:async )?(?:def|class) (\w+)", re.MULTILINE)


def test_mutant_names_are_unique():
    assert [name for name, times in Counter(mutant.control for mutant in MUTANTS).items() if times > 1] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.control)
def test_snippets_and_tests_of_a_mutant_exist(mutant):
    for edit in mutant.edits:
        assert (ROOT / edit.file).read_text().count(edit.old) == 1, edit
    for test in mutant.tests:
        file, *names = test.split("[")[0].split("::")
        assert set(names) <= set(DEFINED.findall(Path(ROOT / file).read_text())), test

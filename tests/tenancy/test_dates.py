"""Reads the source: only `tenancy.clock` computes the current date, and only `show` formats times.

The list is exact, like those of tests/isolation/test_call_sites.py.
"""

import ast
import re

from tests.isolation.test_call_sites import ROOT, trees

CLOCK = "tenancy/clock.py"
TODAY = {"localdate", "localtime", "today", "utcnow"}
# {file: why}
TAKES_A_DAY_OUT_OF_A_TIME = {
    CLOCK: "in the time zone of the scope",
    "frontend/shared/presentation.py": "of a time that its caller has put into the time zone of the scope",
    "tenancy/daily.py": "of each tenant's clock, which tenancy.clock has read",
}


def called(tree):
    """Yield the names of methods that are called, with the number of arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, len(node.args) + len(node.keywords)


def test_only_the_clock_module_reads_the_current_date():
    found = {name for name, tree in trees() for call, _count in called(tree) if call in TODAY}
    assert found == set()


def test_only_the_clock_module_converts_times_to_dates():
    found = {name for name, tree in trees() if ("date", 0) in set(called(tree))}
    assert found == set(TAKES_A_DAY_OUT_OF_A_TIME)


def test_only_the_scope_chooses_djangos_time_zone():
    """Other code would show times in another time zone than that of `current_date()`."""
    names = {"timezone.override", "timezone.activate", "timezone.deactivate"}
    attributes = ((name, node) for name, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    found = {name for name, node in attributes if ast.unparse(node) in names}
    # The filter of the API reads a time without an offset as UTC.
    assert found == {"tenancy/context.py", "accounts/rest/filters.py"}


def test_only_the_tags_of_show_write_times():
    """They name the time zone on hover."""
    pages = [path for path in (ROOT / "frontend").rglob("*.html") if "<time" in path.read_text()]
    assert pages == []


def test_templates_do_not_choose_a_time_zone_or_read_the_clock():
    pattern = re.compile(r"\{% *(now|timezone|localtime)\b|\|(timezone|localtime|utc|timesince|timeuntil)\b")
    found = [path for path in (ROOT / "frontend").rglob("*.html") if pattern.search(path.read_text())]
    assert found == []

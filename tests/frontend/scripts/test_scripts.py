"""Unit tests of JavaScript modules, in a browser: each `test("…", …)` of the files `*.test.js` here is a test."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_program("browser")

HERE = Path(__file__).parent
NAME = re.compile(r'^test\("(.+?)", ', re.MULTILINE)
RUN = """async ([file, name]) => {
  const { tests } = await import("/tests/harness.js");
  await import(`/tests/${file}`);
  await tests.get(name)();
}"""
CASES = [(path.name, name) for path in sorted(HERE.glob("*.test.js")) for name in NAME.findall(path.read_text())]


@pytest.mark.parametrize(("file", "name"), CASES, ids=[f"{file.split('.')[0]}: {name}" for file, name in CASES])
def test_script(page, file, name):
    page.evaluate(RUN, [file, name])


def test_every_test_is_found_and_has_a_name_of_its_own():
    written = sum(path.read_text().count("\ntest(") for path in HERE.glob("*.test.js"))
    assert len(set(CASES)) == len(CASES) == written > 0


def test_failure_of_a_script_fails_the_test(page):
    with pytest.raises(Exception, match="1 is not 2"):
        page.evaluate('import("/tests/harness.js").then(({ equal }) => equal(1, 2))')

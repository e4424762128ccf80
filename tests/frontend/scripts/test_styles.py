"""Style sheets contain no declaration that a browser does not understand: it ignores them without a message."""

import pytest

from tests.frontend.scripts.conftest import FOLDERS

pytestmark = pytest.mark.needs_program("browser")

SHEETS = sorted(FOLDERS["static"].rglob("*.css"))
IGNORED = """(text) => {
  const DECLARATION = /(?<=[;{]\\s*)([a-z-]+)\\s*:\\s*([^;{}]+)(?=[;}])/g;
  const declarations = [...text.replace(/\\/\\*.*?\\*\\//gs, "").matchAll(DECLARATION)];
  const isKnown = (name, value) => name.startsWith("--") || CSS.supports(name, value.replace("!important", ""));
  return declarations.filter(([, name, value]) => !isKnown(name, value)).map(([whole]) => whole);
}"""


@pytest.mark.parametrize("sheet", SHEETS, ids=[path.name for path in SHEETS])
def test_declarations_are_known(page, sheet):
    assert page.evaluate(IGNORED, sheet.read_text()) == []


def test_unknown_declarations_are_found(page):
    sheet = "a:hover { colour: red; color: #12; margin: 0 }\n@media (hover: hover) { p { display: grids } }"
    assert page.evaluate(IGNORED, sheet) == ["colour: red", "color: #12", "display: grids "]

"""docs/roles.md matches the table of roles."""

from pathlib import Path

from accounts.permissions import PERMISSIONS
from config.roles import document
from tests.sample.extensions import PERMISSIONS as SAMPLES

PAGE = Path(__file__).resolve().parents[2] / "docs/roles.md"


def rows():
    """Return the cells of the page's table, without its head."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {
        cells[0].strip("`"): cells[1:]
        for cells in ([cell.strip() for cell in line[1:-1].split("|")] for line in lines)
    }


def test_the_page_is_up_to_date(monkeypatch):
    """`make roles` writes it."""
    for name in SAMPLES:
        monkeypatch.delitem(PERMISSIONS, name)
    assert PAGE.read_text() == "\n".join(document()) + "\n"


def test_role_table_shows_the_permissions_of_each_role():
    assert rows()["task.write"][1:] == ["✓", "✓", "✓", ""]
    assert rows()["account.delete"][1:] == ["✓", "", "", ""]


def test_every_permission_is_explained():
    assert all(about for about, *_roles in rows().values())

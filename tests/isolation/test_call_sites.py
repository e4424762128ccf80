"""Reads the source: which modules bypass the filter, write SQL or access the tenant settings.

Each list is exact: a new call site fails until a reason is added to the list, and so does an old entry.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]

# {file: why}
READS_ACROSS_TENANTS = {"tenancy/places.py": "place by place, for commands of platforms"}
READS_ONE_PERSONS_MEMBERSHIPS = {
    "accounts/api/me.py": "me/accounts/ lists the accounts of the person who asks",
    "accounts/actions/user_deletion.py": "a user who deletes themselves leaves all their accounts",
    "frontend/shared/own_accounts.py": "public page and switcher list the accounts of the logged-in user",
}
WRITES_SQL = {
    "config/health.py": "SELECT 1, to see whether the database answers",
    "tenancy/checks.py": "asks the catalogue what the role may do",
    "tenancy/compiled.py": "executes what the ORM has compiled, for the active tenant",
    "tenancy/models.py": "TenantManager.raw() passes on what a module on this list would call",
    "tenancy/outbox/relaying.py": "which jobs are due, in turns of the tenants; a shared table of ids",
    "tenancy/postgresql/cursors.py": "passes on what all other modules execute",
    "tenancy/postgresql/bulk.py": "bulk loads, as the owner: COPY, INSERT … SELECT in the tenant's name, keys",
    "tenancy/roles.py": "grants, as the owner",
    "tenancy/postgresql/schema.py": "DDL and the catalogue, as the owner",
}
SPEAKS_THROUGH_THE_CHANNEL_LAYER = {
    "accounts/live/feeds.py": "listens to the groups of the topics that sockets follow",
    "tenancy/groups.py": "names groups after the active tenant, and announces to them that there are new events",
}
SPEAKS_TO_SETTINGS = {
    "tenancy/constraints.py": "the policies read the settings",
    "tenancy/postgresql/cursors.py": "the one place that writes them",
    "tenancy/postgresql/operations.py": "takes them out of the query log",
}

FORBIDDEN = re.compile(
    r"\bSET\s+(LOCAL|SESSION|ROLE|row_security|tenancy)|\bRESET\s+\w|\bset_config\s*\(|\bROLLBACK\s+TO\b"
    r"|\bDISCARD\s+ALL\b|tenancy\.(tenant|user)_id",
    re.IGNORECASE,
)


# Of Django's API, what would be about the default database wherever the content is: {name: where it is right, and why}
ABOUT_ONE_DATABASE: dict[str, dict[str, str]] = {
    "get_connection": {},
    "set_rollback": {},
    "in_atomic_block": {
        "tenancy/storage.py": "looks at the connections to all databases",
        "config/bodies.py": "looks at the connections to all databases",
    },
    "run_on_commit": {"tenancy/groups.py": "of the place of the content"},
}
# Apps whose models are content, and their modules that import the connection of the control plane, with the reason
OF_CONTENT = ("projects/", "tasks/")
ABOUT_THE_DEFAULT_DATABASE = {
    "tasks/management/commands/preparedemo.py": "loads as the owner of the tables",
    "tasks/testdata/loading.py": "loads as the owner of the tables",
}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, ast.parse(path.read_text())


def calls(*names: str) -> set[str]:
    """Return the files that call a function or method of one of these names."""
    found = set()
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", None))
                if called in names:
                    found.add(name)
    return found


def uses(name: str) -> set[str]:
    """Return the files that use a function, method or attribute of this name."""
    found = set()
    for file, tree in trees():
        for node in ast.walk(tree):
            if name in (getattr(node, "attr", None), getattr(node, "id", None)):
                found.add(file)
    return found


def docstrings(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


@pytest.mark.parametrize("name", ABOUT_ONE_DATABASE)
def test_only_listed_modules_use_the_transaction_of_one_database(name):
    assert uses(name) == set(ABOUT_ONE_DATABASE[name])


def test_statements_name_no_database():
    """`router.db_for_write()` knows where the rows of a model are."""
    found = []
    for file, tree in trees():
        for node in ast.walk(tree):
            called = getattr(node.func, "attr", None) if isinstance(node, ast.Call) else None
            if called in ("_raw_delete", "using") and any(isinstance(each, ast.Constant) for each in node.args):
                found.append(file)
    assert found == []


def test_content_is_not_written_by_the_connection_of_the_control_plane():
    """`tenancy.places` has the connection of the content, and its transactions."""
    found = set()
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in ("django.db", "django.db.transaction"):
                names = {each.name for each in node.names} & {"transaction", "connection", "connections", "atomic"}
                found |= {file} if names and file.startswith(OF_CONTENT) else set()
    assert found == set(ABOUT_THE_DEFAULT_DATABASE)


def test_only_listed_modules_read_across_tenants():
    assert calls("all_tenants") == set(READS_ACROSS_TENANTS)


def test_only_listed_modules_read_all_memberships_of_a_user():
    assert calls("as_user") == set(READS_ONE_PERSONS_MEMBERSHIPS)


def test_only_listed_modules_use_the_channel_layer():
    found = calls("get_channel_layer", "group_send", "group_add", "new_channel", "group_name")
    assert found == set(SPEAKS_THROUGH_THE_CHANNEL_LAYER)


def test_only_listed_modules_write_sql():
    found = calls("cursor", "raw", "RawSQL", "extra", "executemany", "copy_expert")
    assert found == set(WRITES_SQL)


def test_only_listed_modules_access_the_tenant_settings():
    found = set()
    for name, tree in trees():
        ignored = docstrings(tree)
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if id(node) not in ignored and FORBIDDEN.search(text):
                found.add(name)
    assert found == set(SPEAKS_TO_SETTINGS)


def test_the_search_finds_what_it_looks_for():
    for text in ("SET LOCAL x = 1", "set role y", "RESET ALL", "select set_config('a', 'b', true)", "rollback to s1"):
        assert FORBIDDEN.search(text), text
    assert not FORBIDDEN.search("UPDATE x SET name = 'local'")


def test_only_the_cursor_module_opens_psycopg_transactions():
    """`transaction()` of psycopg rolls back to savepoints without the knowledge of the cursor of tenancy."""
    found = set()
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transaction":
                found.add(name)
    assert found == {"tenancy/postgresql/cursors.py"}

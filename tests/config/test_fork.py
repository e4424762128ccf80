"""docs/fork.md works: its blocks are put into a copy of the tree, and what it says is done there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pooler.pgbouncer import with_database, without_pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/fork.md").read_text()
BLOCK = re.compile(r"```(?:python|html)\n(?:# |<!-- )(\S+)(?: -->)?\n(.*?)```", re.DOTALL)
LEFT_OUT = shutil.ignore_patterns(".?*", "__pycache__", "node_modules", "staticfiles", "screenshots")
URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")

# The table of step 5: {file: [(what is there, what is added behind it)]}
MADE_KNOWN = {
    "config/settings.py": [('    "accounts",\n', '    "contacts",\n')],
    "pyproject.toml": [
        ('root_packages = ["config", "frontend", "tasks", "projects", ', '"contacts", '),
        ('layers = ["config", "frontend", "tasks", "projects", ', '"contacts", '),
        ('    "account_settings | auth | ', "contacts | "),
    ],
    "Dockerfile": [("COPY accounts accounts\n", "COPY contacts contacts\n")],
    "Makefile": [("PACKAGES := config frontend tasks projects ", "contacts ")],
    "config/urls/api.py": [
        ("from config.openapi import document\n", "from contacts.api import ContactViewSet\n"),
        ("router = SimpleRouter()\n", 'router.register("contacts", ContactViewSet, basename="contact")\n'),
    ],
    "config/openapi_settings.py": [("TAGS = {\n", '    "contacts": "The people outside of the account.",\n')],
    "config/urls/tenant.py": [
        (
            "from frontend.auth import invitations, login_handoff\n",
            "from frontend.contacts import views as contacts\n",
        ),
        ("urlpatterns = [\n", '    path("contacts/", contacts.index, name="contacts"),\n'),
    ],
    "docs/api.md": [
        ("|---|---|---|---|\n", "| `contacts/` | id, name, about, added_by, created_at | name | |\n"),
        ("`subtasks/`, `comments/`, `labels/`", ", `contacts/`"),
        ("| by name | `labels/`", ", `contacts/`"),
    ],
    "tests/isolation/conftest.py": [
        ("from accounts.tokens import hash_of\n", "from contacts.models import Contact\n"),
        ("    attachment: Attachment\n", "    contact: Contact\n"),
        (
            'name=text(), content_type=text(), state="ready")\n',
            "        contact = Contact.objects.create(name=text(), about=text(), added_by=member)\n",
        ),
        ("    return World(tenant, *rows, attachment", ", contact"),
    ],
}
# What reads the whole tree: the table, the routes and the permission must be known everywhere, or these fail.
GUARDS = (
    *(f"tests/isolation/test_{name}.py" for name in ("api_routes", "call_sites", "canaries", "catalogue", "gates")),
    *(f"tests/config/test_{name}.py" for name in ("api_page", "openapi", "openapi_operations", "roles")),
)
OF_THEM = "contacts or known or every or up_to_date"  # what is about contacts, and what is about everything


@pytest.fixture
def fork(tmp_path):
    """A copy of the tree in which everything has been done but the commands."""
    folder = tmp_path / "fork"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for name, text in BLOCK.findall(PAGE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for package in ("contacts", "frontend/contacts"):
        (folder / package / "__init__.py").touch()
    for name, changes in MADE_KNOWN.items():
        text = (folder / name).read_text()
        for there, added in changes:
            assert there in text, f"{name} has no {there!r}"
            text = text.replace(there, there + added, 1)
        (folder / name).write_text(text)
    return folder


def run(folder, *command, environment=None, into=None):
    """Run a Python module in `folder`. Fails with what it says."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment or without_pytest(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    if into:
        (folder / into).write_text(done.stdout)


def test_code_of_the_fork_guide_works_in_order(fork):
    step = PAGE.partition("## 5")[2].partition("## 6")[0]
    named = "".join(line.split("|")[1] for line in step.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([\w./]+)`", named)) == set(MADE_KNOWN)
    run(fork, "django", "makemigrations", "contacts", environment=settings_of(fork))
    migration = (fork / "contacts/migrations/0001_initial.py").read_text()
    assert "TenantPrimaryKey" in migration
    assert "TenantRowSecurity" in migration
    run(fork, "config.roles", into="docs/roles.md")
    schema = ["--format", "openapi-json", "--file", "config/openapi.json", "--validate", "--fail-on-warn"]
    run(fork, "django", "spectacular", *schema, environment=settings_of(fork))
    run(fork, "ruff", "check", "contacts", "frontend/contacts/views.py", "tests/contacts")
    options = "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", OF_THEM
    run(fork, "pytest", *options, "tests/contacts", *GUARDS, environment=own(fork))


def settings_of(folder):
    return {**without_pytest(os.environ), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(folder)}


def own(folder):
    """Return the environment with a database of the fork's own."""
    return {**without_pytest(os.environ), **{name: with_database(os.environ[name], "fork") for name in URLS}}

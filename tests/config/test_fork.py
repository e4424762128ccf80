"""docs/fork.md works: its blocks, changes and commands are carried out in order in a copy of the tree."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.pooler.pgbouncer import with_database, without_pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/fork.md").read_text()
# A whole file, commands, or a row of a table of changes.
PART = re.compile(
    r"```(?:python|html)\n(?:# |<!-- )(?P<name>\S+)(?: -->)?\n(?P<text>.*?)```"
    r"|```console\n(?P<commands>.*?)```"
    r"|^\| `(?P<changed>[\w./]+)` \| [^|]+ \|$",
    re.DOTALL | re.MULTILINE,
)
LEFT_OUT = shutil.ignore_patterns(".?*", "__pycache__", "node_modules", "staticfiles", "screenshots")
DATABASE = "fork"
URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")

# The changes of existing files: {file: [(text in the file, text that is added after it)]}
CHANGES = {
    "config/settings.py": [('    "accounts",\n', '    "contacts",\n')],
    "pyproject.toml": [
        ('root_packages = ["config", "frontend", "tasks", "projects", ', '"contacts", '),
        ('layers = ["config", "frontend", "tasks", "projects", ', '"contacts", '),
        ('    "account_settings | auth | ', "contacts | "),
    ],
    "Makefile": [("PACKAGES := config frontend tasks projects ", "contacts ")],
    "Dockerfile": [("COPY accounts accounts\n", "COPY contacts contacts\n")],
    "tests/isolation/actions.py": [
        (
            "from accounts.models import Account, Membership, Notification\n",
            "from contacts import actions as contacts\n",
        ),
        (
            "CALLS: dict[str, tuple[Callable[..., Any], Arguments]] = {\n",
            """    "contacts.actions.create_contact": (contacts.create_contact, lambda w: {"name": "Ada"}),
    "contacts.actions.update_contact": (
        contacts.update_contact,
        lambda w: {"contact": contacts.create_contact(actor=w.actor, name="Ada"), "name": "Bea"},
    ),
    "contacts.actions.delete_contact": (
        contacts.delete_contact,
        lambda w: {"contact": contacts.create_contact(actor=w.actor, name="Ada")},
    ),
""",
        ),
    ],
    "config/celery.py": [("MORNING_JOBS = {\n", '    "contacts.remove_expired": "03:00",\n')],
    "config/urls/tenant.py": [
        (
            "from frontend.auth import invitations, login_handoff, switcher\n",
            "from frontend.contacts import views as contacts\n",
        ),
        ("urlpatterns = [\n", '    path("contacts/", contacts.index, name="contacts"),\n'),
    ],
    "config/urls/api.py": [
        ("from config.openapi import document\n", "from contacts.api import ContactViewSet\n"),
        ("router = SimpleRouter()\n", 'router.register("contacts", ContactViewSet, basename="contact")\n'),
    ],
    "config/openapi_settings.py": [("TAGS = {\n", '    "contacts": "The people outside of the account.",\n')],
    "docs/api.md": [
        ("|---|---|---|---|\n", "| `contacts/` | id, name, about, keep_until, added_by, created_at | name | |\n"),
        ("`subtasks/`, `comments/`, `labels/`", ", `contacts/`"),
        ("| by name | `labels/`", ", `contacts/`"),
    ],
    "tests/isolation/conftest.py": [
        ("from accounts.tokens import hash_of\n", "from contacts.models import Contact, ContactActivity\n"),
        ("    attachment: Attachment\n", "    contact: Contact\n"),
        (
            'name=text(), content_type=text(), state="ready")\n',
            """        contact = Contact.objects.create(name=text(), about=text(), added_by=member)
        event = {"seq": 1, "actor": member, "verb": "contact.created", "object_id": contact.pk}
        ContactActivity.objects.create(contact=contact, **event, data={"name": text()})
""",
        ),
        ("    return World(tenant, *rows, attachment", ", contact"),
    ],
    "tests/isolation/test_canaries.py": [
        ("FORMATTED = {\n", '    "contacts.ContactActivity.verb": "one of the program\'s own words",\n')
    ],
}
# These read the whole tree. They fail if the tables, the routes, the actions or the permission are missing somewhere.
GUARDS = (
    *(f"tests/isolation/test_{name}.py" for name in ("api_routes", "call_sites", "canaries", "catalogue", "gates")),
    "tests/isolation/test_revocation_races.py",
    *(f"tests/config/test_{name}.py" for name in ("api_page", "apps", "openapi", "openapi_operations", "roles")),
)
ABOUT_CONTACTS = "contacts or every or up_to_date"  # tests of contacts, and tests of everything
# Commands that take minutes, and what is run instead of them.
SHORTER = {
    "make test ARGS='tests/contacts tests/isolation'": [
        f"python -m pytest -q -p no:cacheprovider -p no:xdist -k '{ABOUT_CONTACTS}' tests/contacts {' '.join(GUARDS)}"
    ],
    "make lint typecheck": ["python -m ruff check contacts frontend/contacts tests/contacts", "lint-imports"],
}


@pytest.fixture
def fork(tmp_path):
    """A copy of the tree, and a database for it."""
    folder = tmp_path / "fork"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        owner.execute(f"CREATE DATABASE {DATABASE}")
        yield folder
        owner.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_code_of_the_fork_guide_works_in_order(fork):
    changed = set()
    for part in PART.finditer(PAGE.partition("## Deleting the task tracker")[0]):
        if part["name"]:
            (fork / part["name"]).write_text(part["text"])
        elif part["changed"]:
            change(fork, part["changed"])
            changed.add(part["changed"])
        else:
            for line in re.findall(r"^\$ (.+?)(?:  +#.*)?$", part["commands"], re.MULTILINE):
                for command in SHORTER.get(line, [line]):
                    run(fork, command)
    assert changed == set(CHANGES)
    migration = (fork / "contacts/migrations/0001_initial.py").read_text()
    assert "TenantPrimaryKey" in migration
    assert "TenantRowSecurity" in migration


def change(folder, name):
    text = (folder / name).read_text()
    for there, added in CHANGES[name]:
        assert there in text, f"{name} has no {there!r}"
        text = text.replace(there, there + added, 1)
    (folder / name).write_text(text)


def run(folder, command):
    """Run a command in `folder` with the Python of the tests and a database of the fork. Fails with its output."""
    program, *targets = shlex.split(command)
    commands = [recipe(folder, target) for target in targets] if program == "make" else [command]
    binaries = Path(sys.executable).parent
    environment = {**without_pytest(os.environ), "PATH": f"{binaries}:{os.environ['PATH']}"}
    environment |= {name: with_database(os.environ[name], DATABASE) for name in URLS}
    for each in commands:
        done = subprocess.run(
            ["sh", "-c", each.replace(".venv/bin/python", sys.executable)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{each}\n{done.stdout[-6000:]}{done.stderr[-3000:]}"


def recipe(folder, target):
    """Return the command of a target of the Makefile, without its prerequisites, which install packages."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (folder / "Makefile").read_text(), re.MULTILINE)
    return found[1].replace("\\\n", " ").replace("\t@", "").replace("$(PYTHON)", ".venv/bin/python")

"""The tours of examples/, each as a program of its own against a live web process."""

import os
import re
import subprocess
import sys
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.db import connection

from projects.actions import create_project
from tasks.models import Comment, Task
from tasks.testdata.demo import SLUGS
from tasks.testdata.loading import PASSWORD as DEMO_PASSWORD
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import PASSWORD, join, make_user
from tests.isolation.live import ROOT, web_process
from tests.pooler.pgbouncer import with_database

pytestmark = pytest.mark.django_db(transaction=True)

PYTHON = [sys.executable, "examples/tour.py"]
SHELL = ["sh", "examples/tour.sh"]
with_each = pytest.mark.parametrize(
    "program",
    [pytest.param(PYTHON, id="python"), pytest.param(SHELL, id="curl", marks=pytest.mark.needs_program("curl"))],
)


@pytest.fixture
def demo():
    """A member of two accounts who can log in to a web process, which knows no quick passwords."""
    user = make_user("demo")
    user.password = make_password(PASSWORD, hasher=PBKDF2PasswordHasher())
    user.save()
    return user


@pytest.fixture
def accounts(demo):
    """Two accounts with a project each, under names of their own: the web process's cache of hosts outlives a test."""
    tenants = []
    for name in ("here", "there"):
        slug = f"{name}-{uuid4().hex[:8]}"
        tenants.append(tenant := get_tenant_model()._default_manager.create(slug=slug, name=name))
        member = join(demo, tenant, "member")
        with tenant_context(tenant):
            create_project(actor=member, name="Website")
    return tenants


@pytest.fixture(scope="module")
def base(django_db_setup, tmp_path_factory):
    """Host and port of the public site of a live web process."""
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path_factory.mktemp("web") / "web.log", connections=4) as url:
        yield f"{settings.BASE_DOMAIN}:{url.rpartition(':')[2]}"


def run(program, *arguments):
    return subprocess.run([*program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@with_each
def test_it_says_what_it_did(program, base, accounts):
    here, there = accounts
    done = run(program, base, "demo@example.com", PASSWORD, here.slug, there.slug)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"Logged in to {here.slug}.",
        "First project: WEB.",
        "Created WEB-1: Order the cake.",
        "Sent it again: still WEB-1.",
        "Moved it to In progress, version 2.",
        "Completed it, version 3.",
        "Commented on it, and found WEB-1 by that comment.",
        "Refreshed the tokens of demo@example.com, member.",
        f"At {there.slug}: tenant_mismatch.",
        f"See http://{here.slug}.{base}/tasks/WEB-1/",
    ]
    assert done.returncode == 0
    with tenant_context(here):
        (task,) = Task.objects.all()
        assert (task.title, task.status.category) == ("Order the cake", "done")
        assert Comment.objects.get().body == "With marzipan, please."
    with tenant_context(there):
        assert not Task.objects.exists()


@with_each
def test_an_error_ends_it_with_what_the_api_says(program, base, accounts):
    here, there = accounts
    done = run(program, base, "demo@example.com", "wrong", here.slug, there.slug)
    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_credentials" in done.stderr


@pytest.mark.parametrize("program", ["tour.py", "tour.sh"])
def test_the_defaults_are_those_of_the_demo(program):
    text = (ROOT / "examples" / program).read_text()
    defaults = re.findall(r'default="([^"]+)"' if program == "tour.py" else r"\$\{\d:-([^}]+)\}", text)
    assert defaults == ["localhost:8000", "demo@example.com", DEMO_PASSWORD, *SLUGS[:2]]

"""The tours of examples/, each as a separate process against a live web process."""

import re
import subprocess
import sys

import pytest

from tasks.models import Comment, Task
from tasks.testdata.demo import SLUGS
from tasks.testdata.loading import PASSWORD as DEMO_PASSWORD
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.isolation.live import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

PYTHON = [sys.executable, "examples/tour.py"]
SHELL = ["sh", "examples/tour.sh"]
with_each = pytest.mark.parametrize(
    "program",
    [pytest.param(PYTHON, id="python"), pytest.param(SHELL, id="curl", marks=pytest.mark.needs_program("curl"))],
)


def run(program, *arguments):
    return subprocess.run([*program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@with_each
def test_tour_prints_its_steps(program, base, accounts):
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
def test_api_error_ends_the_example_with_its_message(program, base, accounts):
    here, there = accounts
    done = run(program, base, "demo@example.com", "wrong", here.slug, there.slug)
    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_credentials" in done.stderr


@pytest.mark.parametrize("program", ["tour.py", "tour.sh"])
def test_defaults_match_the_demo(program):
    text = (ROOT / "examples" / program).read_text()
    defaults = re.findall(r'default="([^"]+)"' if program == "tour.py" else r"\$\{\d:-([^}]+)\}", text)
    assert defaults == ["localhost:8000", "demo@example.com", DEMO_PASSWORD, *SLUGS[:2]]

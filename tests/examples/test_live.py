"""examples/live.py, as a separate process against a live web process."""

import re
import subprocess
import sys

import pytest

from accounts.models import Membership
from projects.models import Project
from tasks.actions.progress import complete_task
from tasks.actions.tasks import create_task
from tasks.testdata.demo import SLUGS
from tasks.testdata.loading import PASSWORD as DEMO_PASSWORD
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.isolation.live import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = [sys.executable, "examples/live.py"]


def test_live_example_prints_events(base, accounts):
    here, _there = accounts
    arguments = [*PROGRAM, base, "demo@example.com", PASSWORD, here.slug, "2"]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "Following WEB.\n"
        assert program.stdout.readline() == "At event 1.\n"
        with tenant_context(here):
            member = Membership.objects.get()
            task = create_task(actor=member, project=Project.objects.get(), title="Order the cake")
            complete_task(actor=member, task=task)
        said, errors = program.communicate(timeout=60)
    assert (said, errors) == ("2 task.created: Order the cake\n3 task.completed: Order the cake\n", "")
    assert program.returncode == 0


def test_wrong_password_ends_the_example(base, accounts):
    arguments = [*PROGRAM, base, "demo@example.com", "wrong", accounts[0].slug, "2"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_credentials" in done.stderr


def test_defaults_match_the_demo():
    text = (ROOT / "examples" / "live.py").read_text()
    defaults = re.findall(r'default="([^"]+)"', text)
    assert defaults == ["localhost:8000", "demo@example.com", DEMO_PASSWORD, SLUGS[0]]

"""Schemathesis against a live web process: what `openapi.json` says is what the API does, for made-up input too.

Whatever it finds is repeated by the `curl` command in the message, with the token of an account that exists no more.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from accounts.plans import Plan
from config.openapi import DOCUMENT
from projects.actions import create_label, create_project
from tasks.actions import create_comment, create_subtask, create_task
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import join, make_user
from tenancy.tokens import TenantAccessToken, issue
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("checks.py")
EXAMPLES = 2_000  # of each group of operations, made up by `make fuzz`


@pytest.fixture
def credentials(monkeypatch):
    """Headers of the owner of an account with something of every kind in it."""
    monkeypatch.setenv("API_RATE_LIMITS", "0")
    monkeypatch.setattr(TenantAccessToken, "lifetime", timedelta(hours=8))  # as long as a slow machine takes
    # Under a name of its own each time: the web process remembers hosts in a cache that outlives this test.
    slug = f"fuzz-{uuid4().hex[:8]}"
    account = get_tenant_model()._default_manager.create(slug=slug, name="Fuzz", plan=Plan.BUSINESS)
    person = make_user("fuzz")
    owner = join(person, account, "owner")
    with tenant_context(account):
        project = create_project(actor=owner, name="Website", key="WEB")
        create_label(actor=owner, name="Bug")
        for number in range(3):
            task = create_task(actor=owner, project=project, title=f"Write page {number}")
            create_subtask(actor=owner, task=task, title="Find a picture")
            create_comment(actor=owner, task=task, body="Which one?")
    access, _ = issue(user_id=person.pk, tenant=account)
    return {"Host": f"{slug}.localhost", "Authorization": f"Bearer {access}"}


def run(tmp_path, credentials, *options):
    """Run Schemathesis from an empty folder, where it may leave what it likes. Returns what it printed."""
    headers = [f"--header={name}: {value}" for name, value in credentials.items()]
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path / "web.log", connections=4, wait=60) as url:
        command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIG}", "--no-color"]
        target = ["run", str(DOCUMENT), f"--url={url}", *headers]
        environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)}
        with (tmp_path / "schemathesis.txt").open("w") as said:
            ended = subprocess.run(
                [*command, *target, *options],
                cwd=tmp_path,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
            )
    printed, log = ((tmp_path / name).read_text() for name in ("schemathesis.txt", "web.log"))
    assert ended.returncode == 0, f"{printed}\n{log[-3000:]}"
    return printed


def test_the_document_tells_the_truth(tmp_path, credentials):
    run(tmp_path, credentials, "--phases=fuzzing", "--max-examples=3", "--no-shrink")


def groups():
    """Return the number of operations by the first part of the path, such as `tasks`."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return Counter(path.split("/")[3] for path, operations in paths.items() for _ in operations)


@pytest.mark.fuzz
@pytest.mark.parametrize(("group", "operations"), sorted(groups().items()))
def test_the_document_tells_the_truth_about(tmp_path, credentials, group, operations):
    """At length: also with every limit of every schema, and with what one operation answers given to the next."""
    examples = -(-EXAMPLES // operations)
    run(tmp_path, credentials, f"--include-path-regex=^/api/v1/{group}/", f"--max-examples={examples}")

"""Schemathesis against a live web process: the API behaves as `openapi.json` defines, also for generated input.

The `curl` command in a message repeats a failure, with the token of an account that no longer exists.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from accounts.actions.tokens import create_personal_token
from accounts.models import ApiToken
from accounts.plans import Plan
from config.openapi import DOCUMENT
from projects.actions.labels import create_label
from projects.actions.projects import create_project
from projects.models import Activity, Label, Project, Status
from tasks.actions.comments import create_comment
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task
from tasks.models import Comment, Subtask, Task
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
SECONDS = 60  # for chains of operations of each group


@pytest.fixture
def account(monkeypatch):
    """An account, its owner's headers, and the ids of what it has: something of every kind."""
    monkeypatch.setenv("API_RATE_LIMITS", "0")
    monkeypatch.setattr(TenantAccessToken, "lifetime", timedelta(hours=8))  # as long as a slow machine takes
    # With a unique slug each time: the web process caches hosts longer than this test runs.
    slug = f"fuzz-{uuid4().hex[:8]}"
    account = get_tenant_model()._default_manager.create(slug=slug, name="Fuzz", plan=Plan.BUSINESS)
    person = make_user("fuzz")
    owner = join(person, account, "owner")
    with tenant_context(account):
        ids = _fill(owner)
        ids["members"] = [str(member.pk) for member in (owner, join(make_user("guest"), account, "member"))]
    access, _ = issue(user_id=person.pk, tenant=account)
    return {"Host": f"{slug}.localhost", "Authorization": f"Bearer {access}"}, ids


def _fill(owner):
    """Create some rows of every kind, and return their ids."""
    for number in range(3):
        project = create_project(actor=owner, name=f"Website {number}")
        create_label(actor=owner, name=f"Bug {number}")
        create_personal_token(actor=owner, name=f"Script {number}")
        for page in range(4):
            task = create_task(actor=owner, project=project, title=f"Write page {page}")
            create_subtask(actor=owner, task=task, title="Find a picture")
            create_comment(actor=owner, task=task, body="Which one?")
    kinds = {"projects": Project, "statuses": Status, "labels": Label, "activity": Activity, "tokens": ApiToken}
    kinds |= {"tasks": Task, "subtasks": Subtask, "comments": Comment}
    return {kind: [str(row.pk) for row in model.objects.all()] for kind, model in kinds.items()}


def configure(folder, ids, group):
    """Return the configuration file of Schemathesis: CONFIG and the ids of the existing rows, the group's as `own`."""
    known = ids | {"own": ids.get(group) or [str(uuid4())]}  # no id is used where there are no rows
    told = [f"[dictionaries.{kind}]\nvalues = {json.dumps(values)}\n" for kind, values in known.items()]
    path = folder / "schemathesis.toml"
    path.write_text("\n".join([CONFIG.read_text(), *told]))
    return path


def run(tmp_path, account, *options, group=""):
    """Run Schemathesis in an empty folder for its output files. Return its output."""
    credentials, ids = account
    headers = [f"--header={name}: {value}" for name, value in credentials.items()]
    config = configure(tmp_path, ids, group)
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path / "web.log", connections=4, wait=60) as url:
        command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "--no-color"]
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


def test_responses_match_the_document(tmp_path, account):
    run(tmp_path, account, "--phases=fuzzing", "--max-examples=3", "--no-shrink")


def groups():
    """Return the number of operations by the first part of the path, such as `tasks`."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return Counter(path.split("/")[3] for path, operations in paths.items() for _ in operations)


@pytest.mark.fuzz
@pytest.mark.parametrize(("group", "operations"), sorted(groups().items()))
def test_responses_match_the_document_for_operation(tmp_path, account, group, operations):
    """At length: also with every limit of every schema, and with what one operation answers given to the next."""
    examples = -(-EXAMPLES * 5 // (4 * operations))  # a quarter more: some operations take few different requests
    only = f"--include-path-regex=^/api/v1/{group}/"
    phases = "--phases=examples,coverage,fuzzing"
    printed = run(tmp_path, account, only, phases, f"--max-examples={examples}", group=group)
    # It gives up on an operation in silence when a value that it has drawn is not there to be drawn again.
    assert int(re.search(r"(\d+) generated", printed)[1]) >= EXAMPLES
    if group in account[1]:  # elsewhere there is nothing to pass on
        chains = tmp_path / "chains"
        chains.mkdir()
        # What a chain changes is not found again, so that chains are soon given up: for some time there are others.
        run(chains, account, only, "--phases=stateful", f"--max-time={SECONDS}", group=group)

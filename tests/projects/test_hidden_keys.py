"""Keys and labels that hidden projects use: responses do not reveal the hidden projects."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.actions.labels import create_label
from projects.actions.projects import create_project
from tasks.actions.tasks import update_task
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.frontend.conftest import Page

URL = "/api/v1/projects/"
REFUSED = "This key is not available. Choose another."


@pytest.fixture
def own(acme, bob):
    """A project of bob's, OWN, which he may rename."""
    with tenant_context(acme):
        return create_project(actor=membership_of(bob, acme), name="Own", key="OWN")


WAYS = {
    "create in the API": lambda session, own, key: session.json("POST", URL, {"name": "Shop", "key": key}),
    "rename in the API": lambda session, own, key: session.json("PATCH", f"{URL}{own.pk}/", {"key": key}),
    "create on the page": lambda session, own, key: session.post("/", {"name": "Shop", "key": key, "color": "green"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_hidden_key_is_refused_like_a_visible_one(client, bob, project, secret_project, own, way):
    """Keys are unique in the account, so the key is refused; the response does not reveal that a project has it."""
    session = client.as_(bob)
    hidden, seen = (WAYS[way](session, own, key) for key in ("SEC", "WEB"))
    assert hidden.status_code == seen.status_code == 400
    if "API" in way:
        assert hidden.content == seen.content
        assert hidden.json()["errors"] == {"key": [REFUSED]}
    else:
        assert [REFUSED in Page(answer).text for answer in (hidden, seen)] == [True, True]
        assert "already exists" not in Page(hidden).text


@pytest.mark.parametrize("way", WAYS)
def test_hidden_key_needs_as_many_statements_as_a_visible_one(client, bob, project, secret_project, own, way):
    session, amounts = client.as_(bob), []
    for key in ("SEC", "SEC", "WEB"):  # the first time more is looked up that is cached
        with CaptureQueriesContext(connection) as queries:
            WAYS[way](session, own, key)
        amounts.append(len(queries))
    assert amounts[1] == amounts[2]


def test_label_counts_visible_tasks_only(client, acme, alice, bob, task, secret_task):
    """Labels belong to the account: all members see them, also those that only hidden tasks have."""
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        label = create_label(actor=actor, name="Merger")
        for each in (task, secret_task):
            update_task(task=each, actor=actor, labels=[label])
    assert "2 tasks" in Page(client.as_(alice).get("/settings/labels/")).text
    seen = Page(client.as_(bob).get("/settings/labels/")).text
    assert ("1 task" in seen, "2 tasks" in seen) == (True, False)

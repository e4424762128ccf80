"""How many statements and included templates a page may take. Times depend on the machine, these counts do not."""

import pytest
from django.db import connection
from django.template.loader_tags import IncludeNode
from django.test.utils import CaptureQueriesContext

from tests.frontend.test_queries import PERSON


@pytest.fixture
def included(monkeypatch):
    """Return the list of the templates that were included."""
    names = []
    render = IncludeNode.render

    def note(node, context):
        names.append(str(node.template))
        return render(node, context)

    monkeypatch.setattr(IncludeNode, "render", note)
    return names


@pytest.mark.parametrize(
    ("path", "statements", "includes"),
    [
        ("/subtasks/", 3, 8),  # the page, the side bar: projects, and what is not read
        ("/projects/WEB/", 10, 36),
        ("/tasks/WEB-1/", 12, 36),
    ],
)
def test_page_stays_within_its_budget(client, bob, task, subtask, label, included, path, statements, includes):
    browser = client.as_(bob)
    assert browser.get(path).status_code == 200  # finds the host, and renders what is cached
    included.clear()
    with CaptureQueriesContext(connection) as queries:
        browser.get(path)
    assert len(queries) <= PERSON + statements
    assert len(included) <= includes, included

"""Projects of the accounts in which tests try a live web process."""

from typing import Any

import pytest

from projects.actions.projects import create_project
from tenancy.testing import canary
from tests.accounts.live.clients import Office


def make_project(office: Office, name: str = "", **fields: Any) -> Any:
    """Create a project of the owner. Without `name` it has the account's canary as its name."""
    return office.act(create_project, name=name or canary(office.tenant), **fields)


@pytest.fixture
def project(office):
    """An open project of the office's owner."""
    return make_project(office)

import os

import pytest
from django.db import connection

from projects.models import Label
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tests.jobs import samples  # noqa: F401  # registers them in this process too
from tests.jobs.processes import processes
from tests.pooler.pgbouncer import with_database


def run(folder):
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    return processes(url, folder, JOB_SECONDS="3")  # and after twice that time, a lost job is sent again


@pytest.fixture
def jobs(transactional_db, tmp_path):
    """Processes to start on the database of this test."""
    with run(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def _working(django_db_setup, tmp_path_factory):
    with run(tmp_path_factory.mktemp("jobs")) as running:
        running.relay()
        running.worker()
        yield running


@pytest.fixture
def working(transactional_db, _working):
    """A running worker and relay, shared by the tests of the module."""
    _working.mark = len(_working.log.read_text())
    return _working


@pytest.fixture
def labels():
    """Return the labels of a tenant."""

    def labels(tenant):
        with tenant_context(tenant):
            return sorted(Label.objects.values_list("name", flat=True))

    return labels


@pytest.fixture
def outbox_is_empty():
    """Return whether all jobs are done or dead letters."""
    return lambda: not OutboxJob.objects.filter(failed_at=None).exists()

import os

import pytest
from django.db import connection

from projects.models import Label
from tenancy.context import tenant_context
from tenancy.outbox import OutboxJob
from tests.jobs import samples  # noqa: F401  # registers them in this process too
from tests.jobs.running import processes
from tests.pooler.pgbouncer import with_database


@pytest.fixture
def jobs(transactional_db, tmp_path):
    """Processes to start on the database of this test. A lost job is sent again after some seconds."""
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with processes(url, tmp_path, JOB_SECONDS="3") as running:
        yield running


@pytest.fixture
def working(jobs):
    """A worker and a relay that run."""
    jobs.relay()
    jobs.worker()
    return jobs


@pytest.fixture
def labels():
    """Say which labels a tenant has."""

    def labels(tenant):
        with tenant_context(tenant):
            return sorted(Label.objects.values_list("name", flat=True))

    return labels


@pytest.fixture
def outbox_is_empty():
    """Say whether everything is done, or dead."""
    return lambda: not OutboxJob.objects.filter(failed_at=None).exists()

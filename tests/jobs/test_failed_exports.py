"""An export whose job has failed is marked as failed. In a separate file, without a worker that would succeed."""

import os

import pytest

from accounts.actions.exports import request_export
from accounts.models import Export
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.testing import membership_of

pytestmark = pytest.mark.django_db(transaction=True)


# The number of failed attempts and the address of S3: the sixth attempt is the last, and it fails or is killed.
@pytest.mark.parametrize(
    ("attempts", "s3", "failure"),
    [(5, "http://127.0.0.1:1", "storage"), (6, os.environ["S3_ENDPOINT_URL"], "error")],
    ids=["S3 is gone", "killed"],
)
def test_export_that_cannot_be_written_fails_after_its_attempts(jobs, acme, alice, project, attempts, s3, failure):
    with tenant_context(acme):
        export = request_export(actor=membership_of(alice, acme), kind="project", subject=project, format="csv")
    OutboxJob.objects.update(attempts=attempts)
    jobs.relay()
    jobs.worker(concurrency=1, JOB_SECONDS="60", S3_ENDPOINT_URL=s3)
    jobs.wait_for(OutboxJob.objects.dead().exists, "the dead letter")

    def shown():
        with tenant_context(acme):
            return Export.objects.values_list("state", "failure").get(pk=export.pk)

    jobs.wait_for(lambda: shown() == ("failed", failure), "the state that people see, and why")

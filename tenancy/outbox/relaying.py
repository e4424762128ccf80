"""The relay: sends due jobs to the broker. `manage.py relayoutbox` calls it."""

from datetime import datetime
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tenancy.outbox.models import OutboxJob
from tenancy.outbox.working import bury
from tenancy.outbox.writing import from_json

RELAYED_AT_ONCE = 100
# The options that a message contains. The worker reads the others from the row.
TOLD = frozenset(("group_id", "group_index", "ignore_result", "parent_id", "root_id", "shadow"))

# Fair queuing: the oldest jobs of each tenant, up to its limit of jobs in flight, in turns. So the backlog of a tenant
# does not delay others. The first part is a loose index scan for tenants: DISTINCT would read all waiting rows.
DUE = """
WITH RECURSIVE tenant(id) AS (
    (SELECT tenant_id FROM tenancy_outboxjob WHERE sent_at IS NULL AND failed_at IS NULL ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM tenancy_outboxjob
             WHERE sent_at IS NULL AND failed_at IS NULL AND tenant_id > tenant.id ORDER BY tenant_id LIMIT 1)
      FROM tenant WHERE tenant.id IS NOT NULL
)
SELECT id FROM tenancy_outboxjob WHERE sent_at IS NULL AND failed_at IS NULL AND id IN (
    SELECT due.id
      FROM tenant
     CROSS JOIN LATERAL (
           SELECT count(*) AS number FROM tenancy_outboxjob WHERE tenant_id = tenant.id AND sent_at IS NOT NULL
           ) AS sent
     CROSS JOIN LATERAL (
           SELECT id, not_before, row_number() OVER (ORDER BY not_before, id) + sent.number AS place
             FROM tenancy_outboxjob
            WHERE tenant_id = tenant.id AND sent_at IS NULL AND failed_at IS NULL AND not_before <= %(now)s
            ORDER BY not_before, id LIMIT %(per_tenant)s
           ) AS due
     WHERE due.place <= %(per_tenant)s
     ORDER BY due.place, due.not_before LIMIT %(at_once)s
) FOR UPDATE SKIP LOCKED
"""


def relay() -> int:
    """Send the due jobs to the broker and return their number.

    At most `JOBS_PER_TENANT` jobs of a tenant are in flight. Two concurrent relays do not send a job twice, but each
    applies the limit separately. Raises kombu's OperationalError without a broker. Then no job is marked as sent,
    although some may have been; they are sent again, and a worker runs only the first message.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            values = {"now": timezone.now(), "per_tenant": settings.JOBS_PER_TENANT, "at_once": RELAYED_AT_ONCE}
            cursor.execute(DUE, values)
            found = [key for (key,) in cursor.fetchall()]
        sent = []
        with current_app.producer_or_acquire() as producer:
            for job in OutboxJob.objects.filter(pk__in=found).order_by("not_before", "pk"):
                try:
                    _send(job, producer)
                except (OperationalError, RedisError):
                    raise
                except Exception as error:  # noqa: BLE001  # a job that cannot be sent must not stop the others
                    bury(job.pk, error=f"{type(error).__name__}: it cannot be sent")
                else:
                    sent.append(job.pk)
        OutboxJob.objects.filter(pk__in=sent).update(sent_at=timezone.now())
    return len(sent)


def _send(job: OutboxJob, producer: Any) -> None:
    # By name, so that the job can be one of a newer release. Without arguments: the worker reads them from the row, so
    # a compromised broker cannot change them.
    options = {name: value for name, value in from_json(job.options).items() if name in TOLD}
    kwargs = {"tenant_id": str(job.tenant_id)}
    current_app.send_task(job.name, (), kwargs, task_id=str(job.pk), producer=producer, **options)


def send_again(*, sent_before: datetime | None = None) -> int:
    """Mark jobs that were sent (before `sent_before`) and not done to be sent again, and return their number.

    Harmless for jobs that are done meanwhile: their rows are deleted.
    """
    jobs = OutboxJob.objects.sent()
    if sent_before is not None:
        jobs = jobs.filter(sent_at__lt=sent_before)
    # A worker locks the row of the job that it runs; those are not lost.
    with transaction.atomic():
        lost = list(jobs.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return OutboxJob.objects.filter(pk__in=lost).update(sent_at=None)

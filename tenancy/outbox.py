"""The transactional outbox: every job of a tenant is a row here, from the write that asks for it until it is done.

A write and the wish that something follows it are one transaction: `enqueue()` inserts a row, and a rollback takes it
back. The relay (`manage.py relayoutbox`) hands rows that are due to Celery, and the worker deletes a row in the very
transaction of the job's effect. So a job has exactly one effect in the database, however often the broker delivers it,
and none is lost with the broker: what was sent and never done is sent again. A job that keeps failing stays here as a
dead letter.

The table is shared, since the relay works for all tenants at once. It therefore holds names and ids only.
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Min, Q
from django.utils import timezone
from kombu.exceptions import OperationalError
from kombu.utils.json import dumps, loads
from redis.exceptions import RedisError

from tenancy.fields import UUIDv7Field

MAX_ARGUMENTS = 10_000  # characters
RELAYED_AT_ONCE = 100
LONGEST_PAUSE = 3600.0  # seconds
# What a message says of a job's options; the rest is between the row and the worker.
TOLD = frozenset(("group_id", "group_index", "ignore_result", "parent_id", "root_id", "shadow"))


class UnknownJob(Exception):
    """No job has this name."""


class OutboxJobQuerySet(models.QuerySet["OutboxJob"]):
    def dead(self) -> Self:
        """Return the dead letters: jobs that failed as often as they may."""
        return self.exclude(failed_at=None)

    def waiting(self) -> Self:
        """Return the jobs that nobody has sent yet, or not again."""
        return self.filter(failed_at=None, sent_at=None)

    def sent(self) -> Self:
        """Return the jobs that the broker or a worker has."""
        return self.filter(failed_at=None).exclude(sent_at=None)


class OutboxJob(models.Model):
    """A job that is not done yet. Its id is that of the Celery task."""

    id = UUIDv7Field()
    tenant_id = models.UUIDField()
    name = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    options = models.JSONField(default=dict)  # what follows it in a chain, group or chord
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # that a worker has begun
    failed_at = models.DateTimeField(null=True)
    # Kind and place of the last error, never its text, which may quote a tenant's data.
    error = models.CharField(max_length=300, blank=True)

    objects: ClassVar = OutboxJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failed_at=None) | Q(sent_at=None), name="outbox_job_is_sent_or_dead_or_waits"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "not_before", "id"],
                condition=Q(sent_at=None, failed_at=None),
                name="outbox_waiting",
            ),
            models.Index(fields=["tenant_id"], condition=Q(sent_at__isnull=False), name="outbox_sent"),
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.tenant_id}"


class DailyRun(models.Model):
    """On which day a daily job was last started for a tenant, by the tenant's own calendar."""

    tenant_id = models.UUIDField()
    job = models.CharField(max_length=200)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "tenant_id"], name="daily_run")]

    def __str__(self) -> str:
        return f"{self.job} of {self.tenant_id} on {self.day}"


# Writing -----------------------------------------------------------------------------------------------------------


def enqueue(name: str, /, **arguments: Any) -> UUID:
    """Have the job `name` run for the active tenant once this transaction is committed, and return its id.

    `arguments` are ids: UUIDs, numbers, short codes. What a job needs beside them it reads when it runs. Raises
    NoActiveTenant, UnknownJob, TypeError for arguments that the job does not take.
    """
    return UUID(require_job(name).delay(**arguments).id)


def require_job(name: str) -> Any:
    """Return the TenantTask of that name. Raises UnknownJob."""
    from tenancy.jobs import TenantTask

    job = current_app.tasks.get(name)
    if not isinstance(job, TenantTask):
        raise UnknownJob(f"There is no job {name!r}. Jobs are the TenantTasks in the `jobs` module of an app.")
    return job


def make_row(
    *, name: str, tenant_id: UUID, args: Sequence[Any] = (), kwargs: Mapping[str, Any], options: Mapping[str, Any]
) -> OutboxJob:
    """Return a job to save. For `tenancy.jobs`. Raises ValueError for what cannot be read again."""
    row = OutboxJob(name=name, tenant_id=tenant_id)
    row.args, row.kwargs, row.options = written = _as_json([list(args), dict(kwargs), dict(options)])
    _from_json(written)
    return row


def require_ids(row: OutboxJob) -> None:
    """Raise ValueError when the arguments of a job are longer than ids."""
    if len(json.dumps([row.args, row.kwargs, row.options])) > MAX_ARGUMENTS:
        raise ValueError(f"The arguments of {row.name} are longer than {MAX_ARGUMENTS} characters: pass ids.")


def _as_json(value: Any) -> Any:
    """Return a copy of `value` as Celery would send it, which knows UUIDs, dates and signatures."""
    return json.loads(dumps(value))


def _from_json(value: Any) -> Any:
    return loads(json.dumps(value))


# Relaying ----------------------------------------------------------------------------------------------------------

# The oldest of each tenant, as many as it may have in flight; in turns, so that nobody waits behind another's backlog.
# The first part jumps from tenant to tenant in the index: DISTINCT would read every row that waits.
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
    """Hand the jobs that are due to the broker and return how many.

    At most `JOBS_PER_TENANT` of a tenant are out at a time. Two relays at once do not send a job twice, but each lets
    a tenant have as many. Raises kombu's OperationalError without a broker: then nothing is marked as sent, although
    some may have been; they are sent again, and a worker does only the first.
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
                except Exception as error:  # noqa: BLE001  # one that cannot be sent must not stop the others
                    bury(job.pk, error=f"{type(error).__name__}: it cannot be sent")
                else:
                    sent.append(job.pk)
        OutboxJob.objects.filter(pk__in=sent).update(sent_at=timezone.now())
    return len(sent)


def _send(job: OutboxJob, producer: Any) -> None:
    # By name: a job of a newer release is not known here, and a worker of that release has it. Without its arguments:
    # the worker reads them from the row, so that they are nobody's who can write to the broker.
    options = {name: value for name, value in _from_json(job.options).items() if name in TOLD}
    kwargs = {"tenant_id": str(job.tenant_id)}
    current_app.send_task(job.name, (), kwargs, task_id=str(job.pk), producer=producer, **options)


def send_again(*, sent_before: datetime | None = None) -> int:
    """Have jobs sent again that were sent and never done, and return how many: all of them, or those of long ago.

    Harmless for those that are done after all: their rows are gone.
    """
    jobs = OutboxJob.objects.sent()
    if sent_before is not None:
        jobs = jobs.filter(sent_at__lt=sent_before)
    # A worker holds the lock of the one that it is at; those are not lost.
    with transaction.atomic():
        lost = list(jobs.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return OutboxJob.objects.filter(pk__in=lost).update(sent_at=None)


# Working -----------------------------------------------------------------------------------------------------------


def begin(job_id: UUID, *, name: str, tenant_id: UUID) -> OutboxJob | None:
    """Note that a worker begins a job that was sent, and return it as it was asked for; None if there is none.

    That is a job that was done, dropped or postponed before: the broker has delivered it twice.
    """
    with transaction.atomic():
        # Locked before it is looked at: the relay may be about to commit that it was sent.
        found = OutboxJob.objects.select_for_update().filter(pk=job_id, name=name, tenant_id=tenant_id)
        job = found.first()
        if job is None or job.sent_at is None:
            return None
        job.attempts += 1
        job.save(update_fields=["attempts"])
    job.args, job.kwargs, job.options = (_from_json(part) for part in (job.args, job.kwargs, job.options))
    return job


def lock(job_id: UUID) -> bool:
    """Lock a job until the transaction ends, after whoever is at it. Say whether it is still there."""
    return OutboxJob.objects.select_for_update().filter(pk=job_id).exists()


def finish(job_id: UUID) -> bool:
    """Delete a job, in the transaction of its effect. Say whether it was there: if not, somebody has done it."""
    return bool(OutboxJob.objects.filter(pk=job_id).delete()[0])


def drop(job_id: UUID, *, name: str, tenant_id: UUID) -> None:
    """Delete a job of a tenant that has no use for it any more."""
    OutboxJob.objects.filter(pk=job_id, name=name, tenant_id=tenant_id).delete()


def postpone(job_id: UUID, *, until: datetime, error: str = "") -> None:
    """Have a job that did not succeed sent again."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, not_before=until, error=error[:300])


def bury(job_id: UUID, *, error: str) -> None:
    """Make a dead letter of a job that failed too often."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, failed_at=timezone.now(), error=error[:300])


def pause_before(attempt: int, *, base: float) -> timedelta:
    """Return how long to wait before the attempt after `attempt`: twice as long each time, about, up to an hour."""
    seconds = min(base * 2.0 ** min(attempt - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311  # so that not all come back at once


# Watching ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backlog:
    """What is in the outbox. Ages are in seconds, 0 when there is nothing."""

    waiting: int
    sent: int
    dead: int
    waiting_age: float  # how long the one that has been due for longest waits
    sent_age: float  # how long the one that was sent first has not been done: it grows when no worker is there


def backlog() -> Backlog:
    """Return how much there is to do, for all tenants together."""
    now, jobs = timezone.now(), OutboxJob.objects
    due = jobs.waiting().aggregate(first=Min("not_before"))["first"]
    sent = jobs.sent().aggregate(first=Min("sent_at"))["first"]
    return Backlog(
        waiting=jobs.waiting().count(),
        sent=jobs.sent().count(),
        dead=jobs.dead().count(),
        waiting_age=max((now - due).total_seconds(), 0.0) if due else 0.0,
        sent_age=(now - sent).total_seconds() if sent else 0.0,
    )


def retry_dead(ids: Iterable[UUID] | None = None) -> int:
    """Have dead letters tried again, all or those with these ids, and return how many."""
    dead = OutboxJob.objects.dead()
    if ids is not None:
        dead = dead.filter(pk__in=ids)
    return dead.update(failed_at=None, sent_at=None, attempts=0, not_before=timezone.now())


def drop_dead(ids: Iterable[UUID] | None = None) -> int:
    """Delete dead letters, all or those with these ids, and return how many."""
    dead = OutboxJob.objects.dead()
    if ids is not None:
        dead = dead.filter(pk__in=ids)
    return int(dead.delete()[0])

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
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from kombu.utils.json import dumps, loads

from tenancy.fields import UUIDv7Field

MAX_ARGUMENTS = 10_000  # characters
RELAYED_AT_ONCE = 100
LONGEST_PAUSE = timedelta(hours=1)


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
                fields=["tenant_id", "not_before"],
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
    job = current_app.tasks.get(name)
    if job is None:
        raise UnknownJob(f"There is no job {name!r}. Jobs are the TenantTasks in the `jobs` module of an app.")
    return UUID(job.delay(**arguments).id)


def make_row(*, name: str, tenant_id: UUID, args: Sequence[Any] = (), kwargs: Mapping[str, Any]) -> OutboxJob:
    """Return a job to save. For `tenancy.jobs`. Raises ValueError for arguments that are longer than ids."""
    arguments = as_json([list(args), dict(kwargs)])
    if len(json.dumps(arguments)) > MAX_ARGUMENTS:
        raise ValueError(f"The arguments of {name} are longer than {MAX_ARGUMENTS} characters: pass ids.")
    return OutboxJob(name=name, tenant_id=tenant_id, args=arguments[0], kwargs=arguments[1])


def as_json(value: Any) -> Any:
    """Return `value` as Celery would send it, which knows UUIDs, dates and signatures."""
    return json.loads(dumps(value))


def _from_json(value: Any) -> Any:
    return loads(json.dumps(value))


# Relaying ----------------------------------------------------------------------------------------------------------

# The oldest of each tenant, as many as it may have in flight; in turns, so that nobody waits behind another's backlog.
DUE = """
SELECT id FROM tenancy_outboxjob WHERE id IN (
    SELECT due.id
      FROM (SELECT DISTINCT tenant_id FROM tenancy_outboxjob WHERE sent_at IS NULL AND failed_at IS NULL) AS tenant
     CROSS JOIN LATERAL (
           SELECT count(*) AS number FROM tenancy_outboxjob
            WHERE tenant_id = tenant.tenant_id AND sent_at IS NOT NULL
           ) AS sent
     CROSS JOIN LATERAL (
           SELECT id, not_before, row_number() OVER (ORDER BY not_before, id) + sent.number AS place
             FROM tenancy_outboxjob
            WHERE tenant_id = tenant.tenant_id AND sent_at IS NULL AND failed_at IS NULL
              AND not_before <= %(now)s
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
        jobs = list(OutboxJob.objects.filter(pk__in=found).order_by("not_before", "pk"))
        with current_app.producer_or_acquire() as producer:
            for job in jobs:
                _send(job, producer)
        OutboxJob.objects.filter(pk__in=found).update(sent_at=timezone.now())
    return len(jobs)


def _send(job: OutboxJob, producer: Any) -> None:
    # By name: a job of a newer release is not known here, and a worker of that release has it.
    args, kwargs, options = (_from_json(part) for part in (job.args, job.kwargs, job.options))
    current_app.send_task(job.name, args, kwargs, task_id=str(job.pk), producer=producer, **options)


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


def begin(job_id: UUID, *, name: str, tenant_id: UUID) -> int | None:
    """Note that a worker begins a job and return which attempt it is, from 1; None if there is nothing left to do.

    That is a job that was done or dropped before: the broker has delivered it twice.
    """
    known = OutboxJob.objects.filter(pk=job_id, name=name, tenant_id=tenant_id, failed_at=None)
    if not known.update(attempts=F("attempts") + 1):
        return None
    attempt: int = known.values_list("attempts", flat=True).get()
    return attempt


def lock(job_id: UUID) -> bool:
    """Lock a job until the transaction ends, after whoever is at it. Say whether it is still there."""
    return OutboxJob.objects.select_for_update().filter(pk=job_id).exists()


def finish(job_id: UUID) -> bool:
    """Delete a job, in the transaction of its effect. Say whether it was there: if not, somebody has done it."""
    return bool(OutboxJob.objects.filter(pk=job_id).delete()[0])


def postpone(job_id: UUID, *, until: datetime, error: str = "") -> None:
    """Have a job that did not succeed sent again."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, not_before=until, error=error[:300])


def bury(job_id: UUID, *, error: str) -> None:
    """Make a dead letter of a job that failed too often."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, failed_at=timezone.now(), error=error[:300])


def pause_before(attempt: int, *, base: float) -> timedelta:
    """Return how long to wait before the attempt after `attempt`: twice as long each time, about."""
    seconds = base * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311  # so that not all come back at once
    return min(timedelta(seconds=seconds), LONGEST_PAUSE)


# Watching ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backlog:
    """What is in the outbox. `age` is that of the oldest job that is due and was not sent, in seconds."""

    waiting: int
    sent: int
    dead: int
    age: float


def backlog() -> Backlog:
    """Return how much there is to do, for all tenants together."""
    now = timezone.now()
    numbers = OutboxJob.objects.aggregate(
        waiting=Count("pk", filter=Q(sent_at=None, failed_at=None)),
        sent=Count("pk", filter=Q(sent_at__isnull=False)),
        dead=Count("pk", filter=Q(failed_at__isnull=False)),
        oldest=Min("not_before", filter=Q(sent_at=None, failed_at=None, not_before__lte=now)),
    )
    oldest = numbers.pop("oldest")
    return Backlog(**numbers, age=(now - oldest).total_seconds() if oldest else 0.0)


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

"""The states of a sent job: a worker begins it and then finishes, postpones, drops or buries it."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenancy.outbox.models import OutboxJob
from tenancy.outbox.writing import from_json

LONGEST_PAUSE = 3600.0  # seconds


def begin(job_id: UUID, *, name: str, tenant_id: UUID) -> OutboxJob | None:
    """Record that a worker begins a job, and return the job; None if it was done, dropped or postponed.

    Then the broker has delivered the message twice.
    """
    with transaction.atomic():
        # Locked first: the relay may not have committed `sent_at` yet.
        found = OutboxJob.objects.select_for_update().filter(pk=job_id, name=name, tenant_id=tenant_id)
        job = found.first()
        if job is None or job.sent_at is None:
            return None
        job.attempts += 1
        job.save(update_fields=["attempts"])
    job.args, job.kwargs, job.options = (from_json(part) for part in (job.args, job.kwargs, job.options))
    return job


def lock(job_id: UUID) -> bool:
    """Lock a job until the transaction ends, and return whether it still exists."""
    return OutboxJob.objects.select_for_update().filter(pk=job_id).exists()


def finish(job_id: UUID) -> bool:
    """Delete a job, in the transaction of its effect. Return False if another worker has done it."""
    return bool(OutboxJob.objects.filter(pk=job_id).delete()[0])


def drop(job_id: UUID, *, name: str, tenant_id: UUID) -> None:
    """Delete a job of a deleted or suspended tenant."""
    OutboxJob.objects.filter(pk=job_id, name=name, tenant_id=tenant_id).delete()


def postpone(job_id: UUID, *, until: datetime, error: str = "") -> None:
    """Schedule a failed job to be sent again."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, not_before=until, error=error[:300])


def bury(job_id: UUID, *, error: str) -> None:
    """Make a job that failed in all attempts a dead letter."""
    OutboxJob.objects.filter(pk=job_id).update(sent_at=None, failed_at=timezone.now(), error=error[:300])


def pause_before(attempt: int, *, base: float) -> timedelta:
    """Return the pause after `attempt`: exponential backoff with jitter, at most an hour."""
    seconds = min(base * 2.0 ** min(attempt - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311  # jitter, no secret

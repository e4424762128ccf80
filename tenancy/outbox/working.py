"""What becomes of a job that was sent: a worker begins it and finishes, postpones, drops or buries it."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenancy.outbox.models import OutboxJob
from tenancy.outbox.writing import from_json

LONGEST_PAUSE = 3600.0  # seconds


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
    job.args, job.kwargs, job.options = (from_json(part) for part in (job.args, job.kwargs, job.options))
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

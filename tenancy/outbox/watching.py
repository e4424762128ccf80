"""The backlog and the dead letters, for metrics and operators."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Min
from django.utils import timezone

from tenancy.outbox.models import OutboxJob


@dataclass(frozen=True)
class Backlog:
    """Numbers of jobs in the outbox, and ages in seconds, 0 without such jobs."""

    waiting: int
    sent: int
    dead: int
    waiting_age: float  # since the longest waiting job was due
    sent_age: float  # since the oldest unfinished job was sent; it grows without workers


def backlog() -> Backlog:
    """Return the backlog of all tenants."""
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
    """Enqueue dead letters again, all or those with these ids, and return their number."""
    dead = OutboxJob.objects.dead()
    if ids is not None:
        dead = dead.filter(pk__in=ids)
    return dead.update(failed_at=None, sent_at=None, attempts=0, not_before=timezone.now())


def drop_dead(ids: Iterable[UUID] | None = None) -> int:
    """Delete dead letters, all or those with these ids, and return their number."""
    dead = OutboxJob.objects.dead()
    if ids is not None:
        dead = dead.filter(pk__in=ids)
    return int(dead.delete()[0])

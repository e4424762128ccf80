"""Jobs for all tenants: immediately, or daily at a time in the time zone of each tenant."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from tenancy.clock import clock_of
from tenancy.jobs import require_job
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.outbox import writing
from tenancy.outbox.models import DailyRun, OutboxJob
from tenancy.zones import available_time_zones

logger = structlog.get_logger("tenancy.jobs")

PAGE = 1000


def for_each_tenant(name: str, /, *, daily_at: time | None = None, **arguments: Any) -> int:
    """Enqueue the job `name` for every tenant that is not suspended, and return the number of tenants.

    With `daily_at`, only for tenants whose local time is later and for which the job has not run on the local date,
    which it gets as `day="2026-11-21"`. So beat may call this often: it is idempotent within a day and catches up
    after an outage until local midnight. For a new tenant it runs on the day of its creation. Raises UnknownJob.
    """
    require_job(name)
    tenants = get_tenant_model()._default_manager.filter(suspended_at=None).order_by("pk")
    number, last = 0, None
    while page := list((tenants.filter(pk__gt=last) if last else tenants)[:PAGE]):
        last = page[-1].pk
        with transaction.atomic():
            days = _due_today(name, page, daily_at) if daily_at else {tenant.pk: None for tenant in page}
            OutboxJob.objects.bulk_create(_row(name, key, arguments, day) for key, day in days.items())
        number += len(days)
    return number


def _row(name: str, tenant_id: UUID, arguments: Mapping[str, Any], day: date | None) -> OutboxJob:
    kwargs = {**arguments, "day": day.isoformat()} if day else arguments
    return writing.make_row(name=name, tenant_id=tenant_id, kwargs=kwargs, options={"ignore_result": True})


def _due_today(name: str, tenants: Sequence[AbstractTenant], daily_at: time) -> dict[UUID, date]:
    """Return the tenants whose job is due with their local dates, and record the run."""
    clocks = {tenant.pk: _clock_of(tenant) for tenant in tenants}
    days = {key: clock.date() for key, clock in clocks.items() if clock.time() >= daily_at}
    runs = DailyRun.objects.filter(job=name, tenant_id__in=days)
    never = [DailyRun(job=name, tenant_id=key, day=date.min) for key in days]
    DailyRun.objects.bulk_create(never, ignore_conflicts=True)
    # Locked: the second of two concurrent calls finds the run of the first.
    due = [run for run in runs.select_for_update().order_by("tenant_id") if run.day < days[run.tenant_id]]
    for run in due:
        run.day = days[run.tenant_id]
    DailyRun.objects.bulk_update(due, ["day"])
    return {run.tenant_id: run.day for run in due}


def _clock_of(tenant: AbstractTenant) -> datetime:
    if tenant.time_zone not in available_time_zones():  # use UTC; an exception would stop the job for all tenants
        logger.warning("unknown_time_zone", tenant=tenant.slug)
    return clock_of(tenant)

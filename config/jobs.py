"""Jobs of the platform. They belong to no tenant."""

from datetime import time

from celery import shared_task

from tenancy.daily import for_each_tenant
from tenancy.jobs import SystemTask


@shared_task(base=SystemTask, name="config.start_for_each_tenant")
def start_for_each_tenant(name: str, daily_at: str | None = None) -> None:
    """Have a job run for every tenant, for beat. `daily_at` is a time such as "08:00": see `for_each_tenant()`."""
    for_each_tenant(name, daily_at=time.fromisoformat(daily_at) if daily_at else None)

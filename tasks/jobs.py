"""Jobs of tasks: reminders. Each runs in the name of its tenant."""

from datetime import date

from celery import shared_task

from tasks.actions import notifications
from tenancy.jobs import TenantTask


@shared_task(base=TenantTask, name="tasks.remind_of_due_tasks")
def remind_of_due_tasks(day: str) -> None:
    notifications.remind_of_due_tasks(day=date.fromisoformat(day))

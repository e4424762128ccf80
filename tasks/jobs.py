"""Jobs of tasks: reminders and files. Each runs in the name of its tenant."""

from datetime import date
from uuid import UUID

from celery import shared_task

from tasks import actions
from tenancy.jobs import TenantTask


@shared_task(base=TenantTask, name="tasks.remind_of_due_tasks")
def remind_of_due_tasks(day: str) -> None:
    actions.remind_of_due_tasks(day=date.fromisoformat(day))


@shared_task(base=TenantTask, name="tasks.inspect_attachment", atomic=False)
def inspect_attachment(attachment_id: str) -> None:
    actions.inspect_attachment(attachment_id=UUID(attachment_id))


@shared_task(base=TenantTask, name="tasks.remove_files", atomic=False)
def remove_files(ids: list[str]) -> None:
    actions.remove_files(ids=[UUID(each) for each in ids])


@shared_task(base=TenantTask, name="tasks.remove_incoming", atomic=False)
def remove_incoming(ids: list[str]) -> None:
    actions.remove_incoming(ids=[UUID(each) for each in ids])


@shared_task(base=TenantTask, name="tasks.sweep_files", atomic=False)
def sweep_files(day: str) -> None:
    actions.sweep_files()

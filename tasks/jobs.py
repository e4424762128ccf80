"""Jobs of tasks: reminders, exports and files. Each runs in the name of its tenant."""

from datetime import date
from typing import Any
from uuid import UUID

from celery import shared_task

from tasks import actions
from tasks.models import ExportFailure
from tenancy.context import tenant_context
from tenancy.jobs import TenantTask
from tenancy.outbox.models import OutboxJob
from tenancy.routing import tenant_by_id
from tenancy.storage import StorageUnavailable


@shared_task(base=TenantTask, name="tasks.remind_of_due_tasks")
def remind_of_due_tasks(day: str) -> None:
    actions.remind_of_due_tasks(day=date.fromisoformat(day))


class ExportTask(TenantTask):
    """Says so where people see it, when the last attempt has failed."""

    abstract = True

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        # Its row says what it was for; what the broker has is not believed.
        job = OutboxJob.objects.dead().filter(pk=task_id, name=self.name).first()
        tenant = tenant_by_id(job.tenant_id) if job else None
        if job and tenant:
            with tenant_context(tenant):
                actions.fail_export(export_id=UUID(job.kwargs["export_id"]), failure=_failure(job))


def _failure(job: OutboxJob) -> ExportFailure:
    kind, _in, _place = job.error.partition(" ")
    return ExportFailure.STORAGE if kind == StorageUnavailable.__name__ else ExportFailure.ERROR


@shared_task(base=ExportTask, name="tasks.export_project", atomic=False)
def export_project(export_id: str) -> None:
    actions.write_export(export_id=UUID(export_id))


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


@shared_task(base=TenantTask, name="tasks.remove_old")
def remove_old(day: str) -> None:
    actions.remove_old_exports()

"""Jobs of accounts: emails, the audit log of refused log-ins, and the removal of expired rows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from celery import shared_task

from accounts import audit
from accounts.actions import (
    attachment_cleanup,
    attachment_inspection,
    expiry,
    exports,
    members,
    notification_emails,
    notifications,
    pictures,
)
from accounts.actions.account_erasure import erase_due_accounts
from accounts.emails import account_emails, user_emails
from accounts.models import ExportFailure
from accounts.session_store import SessionStore
from tenancy.context import tenant_context
from tenancy.jobs import SystemTask, TenantTask
from tenancy.outbox.models import OutboxJob
from tenancy.routing import tenant_by_id
from tenancy.storage import StorageUnavailable


class ClosingTask(TenantTask):
    """A job that runs also for an account that waits for its deletion."""

    abstract = True
    also_closing = True


@shared_task(base=TenantTask, name="accounts.mail_invitation", placed=False)
def mail_invitation(invitation_id: UUID) -> None:
    account_emails.send_invitation(invitation_id=invitation_id)


@shared_task(base=ClosingTask, name="accounts.mail_deletion", placed=False)
def mail_deletion(actor_id: str) -> None:
    account_emails.send_deletion_notice(actor_id=actor_id)


@shared_task(base=SystemTask, name="accounts.erase_deleted")
def erase_deleted() -> None:
    """Erase the accounts whose grace period is over. After a crash the next run continues."""
    erase_due_accounts()


@shared_task(base=TenantTask, name="accounts.send_user_email", placed=False)
def send_user_email(kind: str, user_id: UUID) -> None:
    user_emails.send_user_email(kind, user_id)


@shared_task(base=SystemTask, name="accounts.send_user_email_of_public_site")
def send_user_email_of_public_site(kind: str, user_id: str) -> None:
    """The same for a request on the public site, without an active tenant."""
    user_emails.send_user_email(kind, UUID(user_id))


@shared_task(base=TenantTask, name="accounts.log_in_refused", placed=False)
def log_in_refused(user_id: str, confirm: bool, ip: str | None, at: str) -> None:
    audit.record_refused_log_in(user_id=UUID(user_id), ip=ip, at=datetime.fromisoformat(at))
    if confirm:
        user_emails.send_confirmation_again(user_id=UUID(user_id))


@shared_task(base=SystemTask, name="accounts.log_in_refused_on_public_site")
def log_in_refused_on_public_site(user_id: str, confirm: bool) -> None:
    """The same on the public site, which has no tenant and therefore no audit log."""
    if confirm:
        user_emails.send_confirmation_again(user_id=UUID(user_id))


@shared_task(base=TenantTask, name="accounts.mail_notification")
def mail_notification(notification_id: str) -> None:
    notification_emails.mail_notification(notification_id=UUID(notification_id))


@shared_task(base=TenantTask, name="accounts.send_digests")
def send_digests(day: str) -> None:
    notification_emails.request_digests(day=date.fromisoformat(day))


@shared_task(base=TenantTask, name="accounts.mail_digest", placed=False)
def mail_digest(member_id: str, day: str) -> None:
    notification_emails.mail_digest(member_id=UUID(member_id), day=date.fromisoformat(day))


@shared_task(base=TenantTask, name="accounts.send_digest")
def send_digest(member_id: str, day: str) -> None:
    notification_emails.send_digest(member_id=UUID(member_id), day=date.fromisoformat(day))


class ExportTask(TenantTask):
    """Stores that an export has failed after the last attempt."""

    abstract = True

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        # From the outbox, since messages of the broker are not trusted.
        job = OutboxJob.objects.dead().filter(pk=task_id, name=self.name).first()
        tenant = tenant_by_id(job.tenant_id) if job else None
        if job and tenant:
            with tenant_context(tenant):
                exports.fail_export(export_id=UUID(job.kwargs["export_id"]), failure=_failure(job))


def _failure(job: OutboxJob) -> ExportFailure:
    kind, _in, _place = job.error.partition(" ")
    return ExportFailure.STORAGE if kind == StorageUnavailable.__name__ else ExportFailure.ERROR


@shared_task(base=ExportTask, name="accounts.write_export", atomic=False)
def write_export(export_id: str) -> None:
    exports.write_export(export_id=UUID(export_id))


@shared_task(base=ClosingTask, name="accounts.delete_ended_rows", atomic=False)
def delete_ended_rows(user_id: str) -> None:
    members.delete_ended_rows(user_id=UUID(user_id))


@shared_task(base=ClosingTask, name="accounts.record_drafts", atomic=False)
def record_drafts(day: str = "") -> None:
    """Also once a day, for drafts whose job was dropped because the account was suspended."""
    audit.record_drafts()


@shared_task(base=TenantTask, name="accounts.remove_old")
def remove_old(day: str) -> None:
    """Content. `accounts.remove_expired` is the job for the control plane."""
    expiry.remove_expired_content()
    members.delete_ended_rows_of_all()
    notifications.remove_old_notifications()
    exports.remove_old_exports()


@shared_task(base=TenantTask, name="accounts.remove_expired", placed=False)
def remove_expired(day: str) -> None:
    expiry.remove_expired()
    expiry.give_up_if_unconfirmed()


@shared_task(base=TenantTask, name="accounts.remove_picture", atomic=False)
def remove_picture(name: str) -> None:
    pictures.remove_picture(name=name)


@shared_task(base=TenantTask, name="accounts.sweep_pictures", atomic=False)
def sweep_pictures(day: str) -> None:
    pictures.sweep_pictures()


@shared_task(base=TenantTask, name="accounts.inspect_attachment", atomic=False)
def inspect_attachment(attachment_id: str) -> None:
    attachment_inspection.inspect_attachment(attachment_id=UUID(attachment_id))


@shared_task(base=TenantTask, name="accounts.remove_files", atomic=False)
def remove_files(ids: list[str]) -> None:
    attachment_inspection.remove_files(ids=[UUID(each) for each in ids])


@shared_task(base=TenantTask, name="accounts.remove_incoming", atomic=False)
def remove_incoming(ids: list[str]) -> None:
    attachment_inspection.remove_incoming(ids=[UUID(each) for each in ids])


@shared_task(base=TenantTask, name="accounts.sweep_files", atomic=False)
def sweep_files(day: str) -> None:
    attachment_cleanup.sweep_files()


@shared_task(base=SystemTask, name="accounts.remove_expired_sessions")
def remove_expired_sessions() -> None:
    """Sessions are shared rows, because they are looked up before the tenant is known."""
    SessionStore.clear_expired()

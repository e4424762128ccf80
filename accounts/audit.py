"""The audit log: actions in an account that change what members may see or do, with the actor and the IP address.

An entry is written in the transaction of the action, so that neither exists without the other. The database role of
the application may insert and read entries, but not change or delete them: see `append_only` of the model.

An action on content cannot do so, because content can be stored in another database. It writes a draft of the entry,
and a job copies that to the log.
"""

from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.models import AuditDraft, AuditEntry, Membership
from tenancy.jobs import enqueue

DRAFTS_AT_ONCE = 500

# The client address of the current request, set by ClientAddressMiddleware; None in jobs and commands.
client_address: ContextVar[str | None] = ContextVar("client_address", default=None)


def record_audit(
    *,
    action: str,
    actor: Membership | None,
    subject: Model,
    data: dict[str, Any] | None = None,
    ip: str | None = None,
) -> AuditEntry:
    """Record in the caller's transaction that `actor` did `action` to the row `subject`, which still has its id.

    `data` contains the changes, `{"role": [before, after]}`, and what names the row after its deletion. `ip` is for
    jobs, which have no request.
    """
    return AuditEntry.objects.create(**_fields(action, actor, subject, data), ip=ip or client_address.get())


def draft_audit(*, action: str, actor: Membership, subject: Model, data: dict[str, Any] | None = None) -> AuditDraft:
    """The same for an action on content, in its transaction. A job, or reading the log, copies the draft to it."""
    draft = AuditDraft.objects.create(**_fields(action, actor, subject, data), ip=client_address.get())
    enqueue("accounts.record_drafts")
    return draft


def record_drafts() -> int:
    """Copy all drafts of the active account to its audit log, and return how many.

    An entry has the id of its draft, so a draft that was copied before is not copied again. Not to be called in a
    transaction: the two tables can be in different databases.
    """
    drafts = list(AuditDraft.objects.order_by("pk")[:DRAFTS_AT_ONCE])
    if not drafts:
        return 0
    names = [field.attname for field in AuditEntry._meta.concrete_fields]
    entries = [AuditEntry(**{name: getattr(draft, name) for name in names}) for draft in drafts]
    AuditEntry.objects.bulk_create(entries, ignore_conflicts=True)
    AuditDraft.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    return len(drafts) + (record_drafts() if len(drafts) == DRAFTS_AT_ONCE else 0)


def _fields(action: str, actor: Membership | None, subject: Model, data: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "actor": actor,
        "actor_email": actor.user.email if actor else "",
        "action": action,
        "object_id": subject.pk,
        "data": data or {},
    }


def record_refused_log_in(*, user_id: UUID, ip: str | None, at: datetime) -> None:
    """Record that a log-in was refused at that time, if it was a member's. Other users add nothing to the log."""
    member = Membership.objects.current().filter(user_id=user_id).prefetch_related("user").first()
    if member is not None:
        data = {"at": at.isoformat(timespec="seconds")}
        record_audit(action="member.log_in_refused", actor=member, subject=member, data=data, ip=ip)

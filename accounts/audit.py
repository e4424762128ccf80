"""The audit log: what was done in an account that changes who sees or may do what, by whom and from where.

An entry is written in the transaction of what it is about, so there is never one without the other. The application's
role may insert and read entries, and neither change nor delete them: `append_only` of the model.
"""

from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.models import AuditEntry, Membership

# Of the request that is answered now; None in jobs and commands. ClientAddressMiddleware sets it.
client_address: ContextVar[str | None] = ContextVar("client_address", default=None)


def record_audit(
    *,
    action: str,
    actor: Membership | None,
    subject: Model,
    data: dict[str, Any] | None = None,
    ip: str | None = None,
) -> AuditEntry:
    """Write down in the caller's transaction that `actor` did `action` to the row `subject`, which has its id still.

    `data` says what changed, `{"role": [before, after]}`, and what names the row when it is gone. `ip` is for jobs,
    which have no request.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_email=actor.user.email if actor else "",
        ip=ip or client_address.get(),
        action=action,
        object_id=subject.pk,
        data=data or {},
    )


def record_refused_log_in(*, user_id: UUID, ip: str | None, at: datetime) -> None:
    """Write into the audit log that a log-in was refused at that time, if it was a member's: strangers fill no log."""
    member = Membership.objects.current().filter(user_id=user_id).prefetch_related("user").first()
    if member is not None:
        data = {"at": at.isoformat(timespec="seconds")}
        record_audit(action="member.log_in_refused", actor=member, subject=member, data=data, ip=ip)

"""The audit log: actions in an account that change what members may see or do, with the actor and the IP address.

An entry is written in the transaction of the action, so that neither exists without the other. The database role of
the application may insert and read entries, but not change or delete them: see `append_only` of the model.
"""

from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.models import AuditEntry, Membership

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
    return AuditEntry.objects.create(
        actor=actor,
        actor_email=actor.user.email if actor else "",
        ip=ip or client_address.get(),
        action=action,
        object_id=subject.pk,
        data=data or {},
    )


def record_refused_log_in(*, user_id: UUID, ip: str | None, at: datetime) -> None:
    """Record that a log-in was refused at that time, if it was a member's. Other users add nothing to the log."""
    member = Membership.objects.current().filter(user_id=user_id).prefetch_related("user").first()
    if member is not None:
        data = {"at": at.isoformat(timespec="seconds")}
        record_audit(action="member.log_in_refused", actor=member, subject=member, data=data, ip=ip)

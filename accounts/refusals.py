"""What follows a refused log-in, alike for every reason: one job, which finds out whom it concerns.

A member's refused log-in is in the audit log of the account, and somebody who has not confirmed their address gets
the mail again. Were that done in the request, the time of the answer would tell who is known, and where.
"""

from datetime import datetime
from uuid import UUID, uuid4

import structlog
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from celery import current_app
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.audit import client_address, record_audit
from accounts.emails import user_emails
from accounts.models import Membership, User
from tenancy.context import get_active_tenant
from tenancy.jobs import enqueue

logger = structlog.get_logger("accounts.refusals")


def report_refused_log_in(*, user: User | None, may_confirm: bool = False) -> None:
    """Have done what follows a refused log-in. `may_confirm` says that only the confirmation was missing.

    Through the outbox of the active account. On the public site, which has none, the job is lost with the broker,
    which is logged.
    """
    user_id = str(user.pk if user else uuid4())
    if get_active_tenant() is not None:
        moment = timezone.now().isoformat()
        enqueue("accounts.log_in_refused", user_id=user_id, confirm=may_confirm, ip=client_address.get(), at=moment)
        return

    def send() -> None:
        try:
            current_app.tasks["accounts.log_in_refused_on_public_site"].delay(user_id, may_confirm)
        except OperationalError:
            logger.exception("refusal_lost")

    transaction.on_commit(send)


def record_refused_log_in(*, user_id: UUID, ip: str | None, at: datetime) -> None:
    """Write into the audit log that a log-in was refused at that time, if it was a member's: strangers fill no log."""
    member = Membership.objects.current().filter(user_id=user_id).prefetch_related("user").first()
    if member is not None:
        data = {"at": at.isoformat(timespec="seconds")}
        record_audit(action="member.log_in_refused", actor=member, subject=member, data=data, ip=ip)


def confirm_again(*, user_id: UUID) -> None:
    """Send the mail again that asks somebody to confirm their address, not more often than the pages do."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None and consume_email_verification_rate_limit(HttpRequest(), user.email):
        user_emails.send_letter("sign_up", user_id)

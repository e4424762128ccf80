"""Mails to a person about their log-in: what was asked for with their address, and what has changed.

They are written by a job, which takes as long to ask for whether or not anybody has the address. Links are made there,
so their texts are in no table and no message.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from celery import current_app
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.links import password_link, public_url
from accounts.models import User
from tenancy.context import get_active_tenant
from tenancy.outbox import enqueue

logger = structlog.get_logger("accounts.mailing")


def ask_for_mail(kind: str, *, user_id: UUID) -> None:
    """Have a mail of a kind, a folder of `templates/mail/person/`, sent to a person; to nobody if there is none.

    Through the outbox of the active account. The public site has none: there the job is lost with the broker, which
    is logged, and the person asks again.
    """
    if get_active_tenant() is not None:
        enqueue("accounts.mail_person", kind=kind, user_id=user_id)
        return

    def send() -> None:
        try:
            current_app.tasks["accounts.mail_person_in_public"].delay(kind, str(user_id))
        except OperationalError:
            logger.exception("mail_lost", kind=kind)

    transaction.on_commit(send)


def mail_person(kind: str, user_id: UUID) -> None:
    """Send a mail, on the host of the active account or of the public site, if there still is a reason for it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    address, url = user.email, ""
    if kind in LINKS:
        address, url = LINKS[kind](user)
    if not address:
        return
    account = get_active_tenant()
    values = {"user": user, "address": address, "url": url, "account": account, "moment": timezone.now()}
    values |= {"pending": _unconfirmed(user), "home": public_url("landing"), "ask": _page_to_ask_for_a_link()}
    # A line break in a name would begin another header.
    subject = " ".join(render_to_string(f"mail/person/{kind}/subject.txt", values).split())
    send_mail(subject, render_to_string(f"mail/person/{kind}/body.txt", values), None, [address])


def _page_to_ask_for_a_link() -> str:
    return public_url("account_reset_password")


def _unconfirmed(user: User) -> EmailAddress | None:
    found: EmailAddress | None = EmailAddress.objects.get_new(user)
    return found


def _to_confirm(user: User) -> tuple[str, str]:
    """Return the address to write to and the link; "" when it was confirmed meanwhile, or is not wanted any more."""
    address = _unconfirmed(user)
    if address is None:
        return "", ""
    return address.email, public_url("account_confirm_email", key=EmailConfirmationHMAC(address).key)


LINKS: dict[str, Callable[[User], tuple[str, str]]] = {
    "sign_up": _to_confirm,
    "new_address": _to_confirm,
    "password_link": lambda user: (user.email, password_link(user)),
}

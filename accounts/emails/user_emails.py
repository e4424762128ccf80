"""Emails to a user about their log-in: links that were requested, and changes that were made.

A job writes them. Enqueuing it takes the same time whether or not a user has the address. The job makes the links, so
no table and no message contains their tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from accounts.emails import sending
from accounts.emails.links import password_link, public_url
from accounts.models import User
from tenancy.context import get_active_tenant, no_tenant
from tenancy.jobs import enqueue

logger = structlog.get_logger("accounts.emails.user_emails")

type Link = Callable[[User], tuple[str, str]]  # the address of the recipient, "" for no email, and the URL


@dataclass(frozen=True)
class UserEmail:
    subject: Any
    text: Any
    button: Any
    link: Link
    warning: Any


def enqueue_user_email(kind: str, *, user_id: UUID) -> None:
    """Enqueue an email of USER_EMAILS to a user. For an unknown id the job sends none.

    The job goes through the outbox of the active account. The public site has no outbox: there the job is lost when
    the broker is down, which is logged, and the user asks again.
    """
    if get_active_tenant() is not None:
        enqueue("accounts.send_user_email", kind=kind, user_id=user_id)
        return

    def send() -> None:
        try:
            current_app.tasks["accounts.send_user_email_of_public_site"].delay(kind, str(user_id))
        except OperationalError:
            logger.exception("user_email_lost", kind=kind)

    transaction.on_commit(send)


def send_user_email(kind: str, user_id: UUID) -> None:
    """Send an email if there still is a reason for it. Its links lead to the active account or the public site."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    email = USER_EMAILS[kind]
    address, url = email.link(user) if user else ("", "")
    if user is None or not address:
        return
    pending = EmailAddress.objects.get_new(user)
    words = {
        "product": settings.PRODUCT_NAME,
        "email": user.email,
        "new": pending.email if pending else "",
        "moment": date_format(timezone.now(), "j F Y, H:i e"),
    }
    parts = {"title": email.subject, "text": email.text % words, "button": email.button, "url": url}
    context = {**parts, "warning": email.warning}
    # Not in the name of the account, which may be chosen by an attacker who signs up with another's address.
    with no_tenant():
        sending.send(to=address, subject=str(email.subject), template="user_email", context=context)


def send_confirmation_again(*, user_id: UUID) -> None:
    """Send the confirmation mail of a sign-up again, within the rate limit of the pages."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None and consume_email_verification_rate_limit(HttpRequest(), user.email):
        send_user_email("sign_up", user_id)


def _to_confirm(user: User) -> tuple[str, str]:
    """Return no address if it was confirmed meanwhile, or is not wanted any more."""
    address = EmailAddress.objects.get_new(user)
    if address is None:
        return "", ""
    return address.email, public_url("account_confirm_email", key=EmailConfirmationHMAC(address).key)


def _to_set_password(user: User) -> tuple[str, str]:
    return user.email, password_link(user)


def _to_request_password(user: User) -> tuple[str, str]:
    return user.email, public_url("account_reset_password")


NOTHING_HAPPENS = _("If this was not you, ignore this email: nothing changes.")


def _security_notice(subject: Any, text: Any) -> UserEmail:
    warning = _("If this was not you, set a new password at once.")
    return UserEmail(subject, text, _("Set a new password"), _to_request_password, warning)


USER_EMAILS = {
    "sign_up": UserEmail(
        _("Confirm your address"),
        _(
            "You have signed up at %(product)s with %(email)s. Confirm that this address is yours. "
            "The link works for three days."
        ),
        _("Confirm the address"),
        _to_confirm,
        _("If this was not you, ignore this email: your address gives no access."),
    ),
    "sign_up_again": UserEmail(
        _("You already have a user"),
        _(
            "A sign-up at %(product)s used %(email)s. A user with this address exists already, "
            "and it has not changed. If you do not know the password, set a new one."
        ),
        _("Set a new password"),
        _to_request_password,
        NOTHING_HAPPENS,
    ),
    "new_address": UserEmail(
        _("Confirm your new address"),
        _(
            "The user %(email)s at %(product)s wants to log in with this address in future. "
            "The link works for three days."
        ),
        _("Confirm the address"),
        _to_confirm,
        NOTHING_HAPPENS,
    ),
    "new_address_asked": _security_notice(
        _("Your address is to be changed"),
        _(
            "A session of your user at %(product)s requested that you log in with %(new)s in future. "
            "The change takes effect when that address is confirmed."
        ),
    ),
    "password_link": UserEmail(
        _("Set a new password"),
        _("The link works once. The new password is valid for all your accounts."),
        _("Set a new password"),
        _to_set_password,
        _("If you did not request this, ignore this email: your password does not change."),
    ),
    "password_changed": _security_notice(
        _("Your password was changed"), _("The password of %(email)s at %(product)s was changed on %(moment)s.")
    ),
    "totp_activated": _security_notice(
        _("Your authenticator app was turned on"),
        _("An authenticator app was turned on for %(email)s at %(product)s on %(moment)s."),
    ),
    "totp_deactivated": _security_notice(
        _("Your authenticator app was turned off"),
        _("The authenticator app of %(email)s at %(product)s was turned off on %(moment)s."),
    ),
    "recovery_codes_generated": _security_notice(
        _("You have new recovery codes"),
        _("New recovery codes were created for %(email)s at %(product)s on %(moment)s."),
    ),
}

"""The adapters of allauth: access, redirects, limits, emails and the encryption of secrets."""

import math
import time
from base64 import urlsafe_b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.actions.locks import PersonGone, lock_for_log_in, lock_person
from accounts.actions.log_out_everywhere import forget_new_address
from accounts.audit import record_audit
from accounts.authentication import current_membership
from accounts.emails.user_emails import enqueue_user_email
from accounts.exceptions import TooManyAttempts
from accounts.models import User
from tenancy.clients import address_of
from tenancy.context import get_active_tenant
from tenancy.sessions import bind_session

BEGUN = "log_in_begun"  # in a session: {user id: log_in_stamp}, between the password and the code
APP, FAILED = "allauth.account", "login_failed"  # allauth's names of its limit
SIGNED_UP = "signed_up"  # one of ours

# allauth's and our names of the events that send an email. The old address is notified of a new one when that
# is requested, while the user can still prevent the change.
NEWS = {
    "password_changed": "password_changed",
    "password_reset": "password_changed",
    "totp_activated": "totp_activated",
    "totp_deactivated": "totp_deactivated",
    "recovery_codes_generated": "recovery_codes_generated",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in, sign-up and email addresses."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The email address and/or password you specified are not correct, or the address is not confirmed yet: "
            "check your email for a link."
        ),
    }

    # Access and redirects -----------------------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return get_active_tenant() is None

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a redirect to the URL is allowed. allauth's parser raises ValueError for malformed hosts."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()  # "/", or "/t/<slug>/" with path routing

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()  # the page lists the new account

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return f"{get_script_prefix()}auth/"

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Store the stamp of the user for whom the password was right: the second factor may be required next."""
        request.session[BEGUN] = {str(user.pk): user.log_in_stamp}
        refused: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return refused

    @transaction.atomic
    def login(self, request: HttpRequest, user: User, *, by: str = "session") -> None:
        """Create a session for this host.

        Between the password and the second factor the member may be removed or deactivated, the password may be
        changed and all log-ins ended. Then the log-in starts again.
        """
        stamp = request.session.pop(BEGUN, {}).get(str(user.pk), user.log_in_stamp)
        try:
            lock_for_log_in(user, stamp=stamp)
        except PersonGone as error:
            raise ImmediateHttpResponse(redirect("account_login")) from error
        member = current_membership(user) if get_active_tenant() is not None else None
        if get_active_tenant() is not None and member is None:
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)
        bind_session(request.session)
        if member is not None:
            record_audit(action="member.logged_in", actor=member, subject=member, data={"with": by})

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Answer an inactive user, who follows an old link, like an unknown one."""
        return redirect("account_login")

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Set a new password, also by a link. Log-ins that were begun with the old one end.

        Only the password is written: allauth would write all fields that it has read before. Raises PersonGone.
        """
        lock_person(user)
        user.set_password(password)
        user.save(update_fields=["password"])
        forget_new_address(user)

    # Limits --------------------------------------------------------------------------------------------------------

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or "unknown"  # all clients without an address are counted together

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count attempts by e-mail address alone. allauth adds the host, so every host would allow new attempts."""
        return str(credentials.get("email") or "").lower()

    def count_sign_up(self, request: HttpRequest, email: str) -> Any:
        """Count a sign-up by client address and by recipient, known or not; return None if a limit is exceeded.

        Otherwise return the usage, whose `rollback()` undoes the count. Raises CacheUnavailable.
        """
        return ratelimit.consume(request, app=APP, action=SIGNED_UP, key=mailbox_of(email))

    def check_password(self, request: HttpRequest, email: str, password: str) -> User | None:
        """Return the user with this e-mail address and password, if they may log in here. Raises TooManyAttempts.

        Failed attempts count towards the limit of the log-in page.
        """
        try:
            user: User | None = self.authenticate(request, email=email, password=password)
        except ValidationError as error:  # allauth's, of a limit that was reached
            raise TooManyAttempts(self.seconds_to_wait(request, email)) from error
        return user

    def seconds_to_wait(self, request: HttpRequest, key: str) -> int:
        """Return the seconds until the next attempt is accepted, from allauth's history of failed attempts.

        `key` is what attempts are counted by: an e-mail address, or allauth's key of a user for codes.
        """
        now = time.time()
        waits = [1.0]
        for rate in ratelimit.get_rates(app=APP, action=FAILED):
            name = ratelimit.get_cache_key(request, app=APP, action=FAILED, rate=rate, key=key.lower())
            history = cache.get(name, [])
            if len(history) >= rate.amount:  # the newest is first
                waits.append(history[rate.amount - 1] + rate.duration - now)
        return math.ceil(max(waits))

    # Addresses and mails -------------------------------------------------------------------------------------------

    @transaction.atomic
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Make a confirmed address the user's address, unless another user signed up with it meanwhile.

        The address is dropped also if it was replaced, or the user was deleted: allauth would store it again.
        """
        try:
            lock_person(email_address.user)
        except PersonGone:
            return False
        if not EmailAddress.objects.filter(pk=email_address.pk).exists():
            return False
        if User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id).exists():
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False
        return bool(super().confirm_email(request, email_address))

    def should_send_confirmation_mail(self, request: HttpRequest, email_address: EmailAddress, signup: bool) -> bool:
        return not signup  # the sign-up action has enqueued the email in its transaction

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        address = emailconfirmation.email_address
        if address.email == address.user.email:
            enqueue_user_email("sign_up", user_id=address.user_id)
        else:
            enqueue_user_email("new_address", user_id=address.user_id)
            enqueue_user_email("new_address_asked", user_id=address.user_id)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Do nothing: the action of the sign-up has requested the email."""

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        if kind := NEWS.get(template_prefix.rpartition("/")[2]):
            enqueue_user_email(kind, user_id=user.pk)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts the secrets of authenticator apps and recovery codes, so that a copy of the database reveals none."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def mailbox_of(email: str) -> str:
    """Return an address as limits count it: without its `+tag`, since all tags lead to one mailbox."""
    local, _at, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _cipher() -> MultiFernet:
    """Return the cipher that encrypts with SECRET_KEY and decrypts with the former keys too."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac("accounts.adapters", "secrets", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])

"""What we ask of allauth: who gets in and where, which mails it sends, and how it keeps secrets."""

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
from accounts.emails.user_emails import ask_for_letter
from accounts.exceptions import TooManyAttempts
from accounts.models import User
from tenancy.clients import address_of
from tenancy.context import get_active_tenant
from tenancy.sessions import bind_session

BEGUN = "log_in_begun"  # in a session: {user id: log_in_stamp}, between the password and the code
APP, FAILED = "allauth.account", "login_failed"  # what allauth calls its limit
SIGNED_UP = "signed_up"  # one of ours

# What allauth calls the news that a person is told by mail: ours. Of a new address the old one is told when it is
# asked for, which is when somebody can still do something about it.
NEWS = {
    "password_changed": "password_changed",
    "password_reset": "password_changed",
    "totp_activated": "totp_activated",
    "totp_deactivated": "totp_deactivated",
    "recovery_codes_generated": "recovery_codes_generated",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in, sign-up and addresses."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The email address and/or password you specified are not correct, or the address is not confirmed yet: "
            "then there is a mail with a link."
        ),
    }

    # Who gets in, and where they come to ---------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return get_active_tenant() is None

    def is_safe_url(self, url: str | None) -> bool:
        """Say whether somebody may be led there; allauth reads it with a function that raises for half a host."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()  # "/", or "/t/<slug>/" where tenants are told apart by path

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()  # which lists the new account

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return f"{get_script_prefix()}auth/"

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Remember what the password was right for: a code may be asked for next, and take its time."""
        request.session[BEGUN] = {str(user.pk): user.log_in_stamp}
        refused: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return refused

    @transaction.atomic
    def login(self, request: HttpRequest, user: User, *, by: str = "session") -> None:
        """Make a session of this host.

        Between the password and a code the member may be removed or switched off, the password may be changed and all
        log-ins ended: then they begin again.
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
        """Tell somebody whose log-in is switched off, and who comes by a link of before, no more than a stranger."""
        return redirect("account_login")

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Set a new password, also by a link. Nothing that somebody with the old one has begun goes on.

        Nothing else of the row is written: allauth would write all of what it has read before. Raises PersonGone.
        """
        lock_person(user)
        user.set_password(password)
        user.save(update_fields=["password"])
        forget_new_address(user)

    # Limits --------------------------------------------------------------------------------------------------------

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or "unknown"  # together with everybody else without an address

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by e-mail alone. allauth adds the host, which would give fresh attempts on every tenant's."""
        return str(credentials.get("email") or "").lower()

    def count_sign_up(self, request: HttpRequest, email: str) -> Any:
        """Count a sign-up of the client's address and of who is written to, known or not; None when it is too many.

        Returns the usage, which `rollback()` takes back. Raises CacheUnavailable.
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
        """Return in how many seconds another attempt is heard, from allauth's history of the failed ones.

        `key` is what they are counted by: an e-mail address, or what allauth makes of a person for codes.
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
        """Make a confirmed address the one that its person has, unless somebody else signed up with it meanwhile.

        Nor when it is not wanted any more, or the person has deleted themselves: allauth would store it again.
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
        return not signup  # the action that signs people up has asked for it, in its own transaction

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        address = emailconfirmation.email_address
        if address.email == address.user.email:
            ask_for_letter("sign_up", user_id=address.user_id)
        else:
            ask_for_letter("new_address", user_id=address.user_id)
            ask_for_letter("new_address_asked", user_id=address.user_id)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Do nothing, for the same reason."""

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        if kind := NEWS.get(template_prefix.rpartition("/")[2]):
            ask_for_letter(kind, user_id=user.pk)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps and recovery codes, whose secrets are of no use to whoever has the database alone."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def mailbox_of(email: str) -> str:
    """Return an address as limits count it: with all its `+tags` it is one mailbox."""
    local, _at, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _cipher() -> MultiFernet:
    """Return what encrypts with SECRET_KEY, and decrypts with the keys before it too."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac("accounts.adapters", "secrets", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])

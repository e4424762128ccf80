"""The second factor in the API: codes of authenticator apps and recovery codes, beside the password."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt, is_mfa_enabled
from django.core.cache import cache
from django.http import HttpRequest

from accounts.exceptions import TooManyAttempts
from accounts.models import User

# How long a used code is stored. It is accepted in its own half minute and in the next; the third is for servers
# whose clocks differ.
REMEMBERED_SECONDS = 90


def use_up_code(user: User, secret: str, code: str) -> bool:
    """Mark a code, which allauth has found right, as used; return whether it is timely and was not used before.

    A code is timely in its own half minute and in the next one. allauth also accepts codes of the following half
    minute, which no correct clock shows yet, and marks them as used: that mark is removed, since the code is valid
    later. Timely codes get a separate mark, which lasts as long as they are accepted. The cache adds the mark in
    one step, so of several simultaneous uses one succeeds. Raises CacheUnavailable.
    """
    before, now, _next = yield_hotp_counters_from_time()
    expected = (format_hotp_value(hotp_value(secret, step)) for step in (before, now))
    mark = TOTP(Authenticator(user=user, type=Authenticator.Type.TOTP))._get_used_cache_key(code)
    if not any(compare_user_code(actual=code, expected=each) for each in expected):
        cache.delete(mark)
        return False
    return bool(cache.add(f"{mark}&timely", "y", REMEMBERED_SECONDS))


class TimelyCode:
    """A mixin for allauth's forms that require a code: a code of an app is accepted for up to a minute, once."""

    def clean_code(self: Any) -> str:
        """Raises ValidationError, CacheUnavailable."""
        code: str = super().clean_code()  # type: ignore[misc]
        factor: Authenticator = self.authenticator
        is_of_app = factor.type == Authenticator.Type.TOTP
        if is_of_app and not use_up_code(self.user, decrypt(factor.data["secret"]), code):
            self._emit_authentication_failed(factor)
            raise get_factor_adapter().validation_error("incorrect_code")
        return code


class AskCodeInAPI(TimelyCode, AuthenticateForm):  # type: ignore[misc]
    pass


def is_asked_for_code(user: User) -> bool:
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP]))


def accepts_code(request: HttpRequest, user: User, code: str) -> bool:
    """Return whether `code` of the app, or a recovery code, is right, and mark it as used. Raises TooManyAttempts.

    Wrong codes count towards the limit of the log-in page. Without the cache it is unknown whether a code was used:
    that raises CacheUnavailable, which is answered with 503.
    """
    form = AskCodeInAPI(user=user, data={"code": code})
    if form.is_valid():
        form.authenticator.record_usage()
        return True
    if any(error.code == "too_many_login_attempts" for error in form.errors.as_data().get("code", ())):
        # The key by which allauth counts the codes of a user.
        raise TooManyAttempts(get_adapter(request).seconds_to_wait(request, f"mfa-auth-user-{user.pk}"))
    return False

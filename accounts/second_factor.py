"""The code that somebody with an authenticator app is asked for beside the password, where there is no page to ask."""

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

# How long a used code is remembered. It is accepted in its own half minute and in the next; the third is for servers
# whose clocks differ.
REMEMBERED_SECONDS = 90


def use_up_code(user: User, secret: str, code: str) -> bool:
    """Use up a code that allauth has found right: return whether it is timely and was not used before.

    Timely is one of this half minute or of the one before. allauth's tolerance reaches forwards as well, where no
    honest app is, and allauth marks such a code as used: the mark is removed, as the code is good in its own time. For
    timely codes there is a mark of our own, which lasts for as long as they are accepted. Of several uses at once one
    succeeds: the cache adds the mark in one step. Raises CacheUnavailable.
    """
    before, now, _next = yield_hotp_counters_from_time()
    expected = (format_hotp_value(hotp_value(secret, step)) for step in (before, now))
    mark = TOTP(Authenticator(user=user, type=Authenticator.Type.TOTP))._get_used_cache_key(code)
    if not any(compare_user_code(actual=code, expected=each) for each in expected):
        cache.delete(mark)
        return False
    return bool(cache.add(f"{mark}&timely", "y", REMEMBERED_SECONDS))


class TimelyCode:
    """For forms of allauth that ask for a code: one of an app is accepted for up to a minute, once."""

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
    """Say whether `code` is right, of the app or one for recovery, and use it up. Raises TooManyAttempts.

    Wrong ones count as those on the page do. Without the cache nobody can tell whether a code was used: that raises
    CacheUnavailable, which is answered with 503.
    """
    form = AskCodeInAPI(user=user, data={"code": code})
    if form.is_valid():
        form.authenticator.record_usage()
        return True
    if any(error.code == "too_many_login_attempts" for error in form.errors.as_data().get("code", ())):
        # How allauth calls a person when it counts codes.
        raise TooManyAttempts(get_adapter(request).seconds_to_wait(request, f"mfa-auth-user-{user.pk}"))
    return False

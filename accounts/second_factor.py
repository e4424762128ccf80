"""The code that somebody with an authenticator app is asked for beside the password, where there is no page to ask."""

from allauth.account.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest
from rest_framework.exceptions import Throttled

from accounts.models import User


def is_asked_for_code(user: User) -> bool:
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP]))


def accepts_code(request: HttpRequest, user: User, code: str) -> bool:
    """Say whether `code` is right, of the app or one for recovery, and use it up. Raises Throttled.

    Wrong ones count as those on the page do. Without the cache nobody can tell whether a code was used: that raises
    CacheUnavailable, which is answered with 503.
    """
    form = AuthenticateForm(user=user, data={"code": code})
    if form.is_valid():
        form.authenticator.record_usage()
        return True
    if any(error.code == "too_many_login_attempts" for error in form.errors.as_data().get("code", ())):
        # How allauth calls a person when it counts codes.
        raise Throttled(get_adapter(request).seconds_to_wait(request, f"mfa-auth-user-{user.pk}"))
    return False

"""Where a request comes from, and what its session is worth on this host, now."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.audit import client_address
from accounts.authentication import current_membership
from accounts.models import User
from tenancy.clients import address_of
from tenancy.context import get_active_tenant, own_time_zone
from tenancy.sessions import bound_at, is_bound_here


class ClientAddressMiddleware:
    """Says where a request comes from to whatever is written into the audit log during it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = client_address.set(address_of(request))
        try:
            return self.get_response(request)
        finally:
            client_address.reset(token)


class MembershipMiddleware:
    """Sets `request.membership` and makes everybody anonymous who has no business here. The user's time zone applies.

    That is a session made for another tenant, and a person who is not, or not any longer, a member. Both are looked up
    for every request: a cache of them would go stale exactly when it matters. Nobody on the way keeps what somebody
    who is logged in was answered, and their browser asks again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.membership = None  # type: ignore[attr-defined]
        if isinstance(request.user, User):
            self._check(request, request.user)
        chosen = request.user.time_zone if isinstance(request.user, User) else None
        request.time_zone = chosen  # type: ignore[attr-defined]
        with own_time_zone(chosen):
            response = self.get_response(request)
        if isinstance(request.user, User):  # also by a token, which the view has read
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def _check(self, request: HttpRequest, user: User) -> None:
        membership = None
        belongs = is_bound_here(request.session) and user.accepts_log_in_of(bound_at(request.session))
        if belongs and get_active_tenant() is not None:
            membership = current_membership(user)
            belongs = membership is not None and membership.accepts_credentials_of(bound_at(request.session))
        if belongs:
            request.membership = membership  # type: ignore[attr-defined]
        else:
            request.user = AnonymousUser()

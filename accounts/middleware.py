"""The client address of a request, and the membership of its user on this host."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import middleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts.audit import client_address
from accounts.authentication import current_membership
from accounts.models import User
from accounts.session_store import SessionStore
from tenancy.clients import address_of
from tenancy.context import get_active_tenant, own_time_zone
from tenancy.sessions import bound_at, is_bound_here


class ClientAddressMiddleware:
    """Sets the client address that the audit log records during the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = client_address.set(address_of(request))
        try:
            return self.get_response(request)
        finally:
            client_address.reset(token)


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    """Django's middleware, with the user who was read together with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        session = cast(SessionStore, request.session)
        user: Any = SimpleLazyObject(lambda: session.read_user() or middleware.get_user(request))
        request.user = user


class MembershipMiddleware:
    """Sets `request.membership` and activates the user's time zone. Other users become anonymous.

    These are users whose session was made for another tenant, and users who are not members, or not any more. Both are
    looked up for every request, since a cache would be stale exactly when a membership ends. Answers to logged-in
    users must not be stored by proxies, and browsers revalidate them.
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
        if isinstance(request.user, User):  # the view may have authenticated a token
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def _check(self, request: HttpRequest, user: User) -> None:
        membership = None
        belongs = is_bound_here(request.session) and user.accepts_log_in_of(bound_at(request.session))
        if belongs and get_active_tenant() is not None:
            membership = cast(SessionStore, request.session).read_membership(user) or current_membership(user)
            belongs = membership is not None and membership.accepts_credentials_of(bound_at(request.session))
        if belongs:
            request.membership = membership  # type: ignore[attr-defined]
        else:
            request.user = AnonymousUser()

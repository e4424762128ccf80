"""Who is asking: log-in by e-mail, sessions and tokens, all of them only for members of the active tenant."""

import math
import time
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import get_script_prefix
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.audit import record_audit
from accounts.errors import NotAMember, RefusedToken, TenantMismatch
from accounts.models import ApiToken, Membership, User
from accounts.tokens import find_personal_token, record_use
from tenancy.context import get_active_tenant
from tenancy.sessions import bind_session
from tenancy.tokens import InvalidToken, TenantAccessToken, read_access

APP, FAILED = "allauth.account", "login_failed"  # what allauth calls its limit


def current_membership(user: User) -> Membership | None:
    """Return the person's live membership in the active tenant, from the database, or None."""
    membership = Membership.objects.filter(user_id=user.pk, ended_at=None).first()
    if membership is not None:
        membership.user = user
    return membership


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]
    """E-mail and password. On a tenant's host a non-member's right password is answered like a wrong one."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None and get_active_tenant() is not None and current_membership(user) is None:
            return None
        return user


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What we ask of allauth."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()  # "/", or "/t/<slug>/" where tenants are told apart by path

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return get_script_prefix()

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        bind_session(request.session)
        if get_active_tenant() is not None and (member := current_membership(user)) is not None:
            record_audit(action="member.logged_in", actor=member, subject=member, data={"with": "session"})

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that somebody's log-in was refused, if they are a member here: strangers fill no log."""
        super().authentication_failed(request, **credentials)
        if get_active_tenant() is None:
            return
        user = User.objects.filter(email=str(credentials.get("email") or "").lower()).first()
        if user is not None and (member := current_membership(user)) is not None:
            record_audit(action="member.log_in_refused", actor=member, subject=member)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by e-mail alone. allauth adds the host, which would give fresh attempts on every tenant's."""
        return str(credentials.get("email") or "").lower()

    def seconds_to_wait(self, request: HttpRequest, email: str) -> int:
        """Return in how many seconds another attempt is heard, from allauth's history of the failed ones."""
        key, now = self._get_login_attempts_cache_key(request, email=email), time.time()
        waits = [1.0]
        for rate in ratelimit.get_rates(app=APP, action=FAILED):
            history = cache.get(ratelimit.get_cache_key(request, app=APP, action=FAILED, rate=rate, key=key), [])
            if len(history) >= rate.amount:  # the newest is first
                waits.append(history[rate.amount - 1] + rate.duration - now)
        return math.ceil(max(waits))


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer`, followed by an access token or a personal token. Sets `request.membership`.

    Raises 401 `invalid_token`, 403 `tenant_mismatch`, 403 `not_a_member` for somebody who was removed.
    """

    def authenticate(self, request: Request) -> tuple[User, TenantAccessToken | ApiToken] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token, membership = self._personal(text.strip()) or self._json_web_token(text.strip())
        request._request.membership = membership  # type: ignore[attr-defined]
        return membership.user, token

    def _personal(self, text: str) -> tuple[ApiToken, Membership] | None:
        token = find_personal_token(text)
        if token is None:
            return None
        membership = admit(token.member.user_id, token.account_id, issued_at=token.created_at)
        record_use(token)
        return token, membership

    def _json_web_token(self, text: str) -> tuple[TenantAccessToken, Membership]:
        try:
            token = read_access(text)
            user_id, tenant_id, issued_at = token.user_id, token.tenant_id, token.issued_at
        except InvalidToken as error:
            raise RefusedToken from error
        return token, admit(user_id, tenant_id, issued_at=issued_at)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def admit(user_id: UUID, tenant_id: UUID, *, issued_at: datetime) -> Membership:
    """Return the live membership of the person whom a valid token names, in the active tenant.

    Raises RefusedToken, TenantMismatch, NotAMember.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise RefusedToken
    tenant = get_active_tenant()
    if tenant is None or tenant_id != tenant.pk:  # the resolvers refuse this too, if they are switched on
        raise TenantMismatch
    membership = current_membership(user)
    if membership is None:
        raise NotAMember
    if not membership.accepts_credentials_of(issued_at):
        raise RefusedToken
    return membership

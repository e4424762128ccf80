"""Who is asking: log-in by e-mail, sessions and tokens, all of them only for members of the active tenant."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, verify_password
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import ApiToken, Membership, User
from accounts.refusals import report_refused_log_in
from accounts.rest.errors import NotAMember, RefusedToken, TenantMismatch
from accounts.tokens import find_personal_token, record_use
from tenancy.context import get_active_tenant, use_time_zone
from tenancy.tokens import InvalidToken, TenantAccessToken, TenantRefreshToken, read_access


def current_membership(user: User) -> Membership | None:
    """Return the person's live membership in the active tenant, from the database, or None."""
    membership = Membership.objects.filter(user_id=user.pk, ended_at=None).first()
    if membership is not None:
        membership.user = user
    return membership


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]
    """E-mail and password. On a tenant's host a non-member's right password is answered like a wrong one.

    So is that of somebody whose log-in is switched off, and of an address that nobody has confirmed, on every host:
    otherwise whoever signs up with the address of another would learn by logging in whether it was known. A mail to
    confirm it is sent again.

    Every refusal costs the same, whatever its reason: all is looked up also for an address that nobody has.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the person whose e-mail and password these are, if they may log in here.

        Not allauth's, which looks for an address among those too that somebody only wants to have.
        """
        email, password = str(credentials.get("email") or "").lower(), str(credentials.get("password") or "")
        user = User.objects.filter(email=email).first()
        is_right, is_outdated = verify_password(password, user.password if user else UNUSABLE_PASSWORD_PREFIX)
        somebody = user or User(email=email)  # with an id that nobody has
        is_confirmed = somebody.is_confirmed
        is_known_here = get_active_tenant() is None or current_membership(somebody) is not None
        may_enter = is_right and somebody.is_active and is_known_here
        if user is None or not may_enter or not is_confirmed:
            report_refused_log_in(user=user, may_confirm=may_enter and not is_confirmed)
            return None
        if is_outdated:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer`, followed by an access token or a personal token. Sets `request.membership`.

    The time zone that the user has chosen applies to the rest of the request, as MembershipMiddleware has it.

    Raises 401 `invalid_token`, 403 `tenant_mismatch`, 403 `not_a_member` for somebody who was removed.
    """

    def authenticate(self, request: Request) -> tuple[User, TenantAccessToken | ApiToken] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token, membership = self._personal(text.strip()) or self._json_web_token(text.strip())
        request._request.membership = membership  # type: ignore[attr-defined]
        request._request.time_zone = membership.user.time_zone  # type: ignore[attr-defined]
        use_time_zone(membership.user.time_zone)
        return membership.user, token

    def _personal(self, text: str) -> tuple[ApiToken, Membership] | None:
        token = find_personal_token(text)
        if token is None:
            return None
        membership = admit(token.member.user_id, token.account_id, issued_at=token.created_at, by_log_in=False)
        record_use(token)
        return token, membership

    def _json_web_token(self, text: str) -> tuple[TenantAccessToken, Membership]:
        try:
            token = read_access(text)
            return token, admit_bearer_of(token)
        except InvalidToken as error:
            raise RefusedToken from error

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def admit_bearer_of(token: TenantAccessToken | TenantRefreshToken) -> Membership:
    """Return the live membership of the person of a token that came by a log-in, with the password of that time.

    Raises InvalidToken, and what `admit()` raises.
    """
    membership = admit(token.user_id, token.tenant_id, issued_at=token.issued_at)
    if token.stamp and not constant_time_compare(token.stamp, membership.user.password_stamp):
        raise RefusedToken
    return membership


def admit(user_id: UUID, tenant_id: UUID, *, issued_at: datetime, by_log_in: bool = True) -> Membership:
    """Return the live membership of the person whom a valid token names, in the active tenant.

    A token that came by a log-in ends with it; one that a member has made has an end of its own. Raises RefusedToken,
    TenantMismatch, NotAMember.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (by_log_in and not user.accepts_log_in_of(issued_at)):
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

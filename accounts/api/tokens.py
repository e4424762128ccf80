"""`auth/token/`, and what can be done with tokens: `refresh/`, `verify/` and `revoke/`"""

import secrets
from typing import Any, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import tokens
from accounts.authentication import admit, admit_bearer_of, current_membership, report_refused_log_in
from accounts.exceptions import WrongPassword
from accounts.models import User
from accounts.rest.documentation import Operation, example_id
from accounts.rest.errors import AccountSuspended, OtpRequired, TenantMismatch, as_refusal
from accounts.rest.serializers import EmptyBody, StrictSerializer, Text
from accounts.rest.strictness import StrictView
from accounts.second_factor import accepts_code, is_asked_for_code
from accounts.tokens import find_personal_token
from tenancy.context import Tenant, get_active_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.routing import tenant_by_former_slug, tenant_by_id, tenant_by_slug
from tenancy.tokens import InvalidToken, TenantRefreshToken, read_any, read_refresh


class CredentialsSerializer(StrictSerializer):
    email = Text(max_length=254)
    password = Text(max_length=4096, as_typed=True, trim_whitespace=False)
    otp = Text(max_length=100, required=False)  # of people with an authenticator app
    account = Text(max_length=63, required=False)


class RefreshSerializer(StrictSerializer):
    refresh = Text(max_length=4096)


class VerifySerializer(StrictSerializer):
    token = Text(max_length=4096)


class PairSerializer(StrictSerializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class NamedAccountSerializer(StrictSerializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()


class LogInSerializer(PairSerializer):
    account = NamedAccountSerializer()


class TokenEndpoint(StrictView):
    """Answers anonymous requests, whatever credentials they carry beside the body."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"  # without it REST framework would turn 401 into 403

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(as_refusal(exc))

    def read(self, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


ACCESS, REFRESH = "eyJhbGciOiJIUzI1NiJ9.access.kZ2f", "eyJhbGciOiJIUzI1NiJ9.refresh.pQ7a"  # examples


class TokenView(TokenEndpoint):
    """Log in with e-mail address, password and, if the user has an authenticator app, a code."""

    operations = {
        "post": Operation(
            "Returns an access token, which expires after 10 minutes, and a refresh token, which expires after 14 "
            "days. A user with an authenticator app also sends `otp`, a code of the app or a recovery code; without "
            "it the response is 401 `otp_required`. On the public host `account` is required. An unknown account, a "
            "wrong password and a user who is not a member return the same 401 `invalid_credentials`.",
            "Log in",
            "logIn",
            request={"email": "alice@example.com", "password": "correct horse battery staple"},
            response={
                "access": ACCESS,
                "refresh": REFRESH,
                "account": {"id": example_id("account"), "slug": "acme"},
            },
        )
    }

    @extend_schema(request=CredentialsSerializer, responses=LogInSerializer)
    def post(self, request: Request) -> Response:
        fields = self.read(CredentialsSerializer)
        account = named_account(fields.get("account"))
        user = _authenticate(request._request, account, fields["email"], fields["password"])
        if account is None or user is None:
            raise WrongPassword
        if account.suspended_at is not None:
            raise AccountSuspended
        with tenant_context(account):
            _require_code(request._request, user, fields.get("otp"))
            access, refresh = self._log_in(user)
        named = {"id": account.pk, "slug": account.slug}
        return _unstored({"access": access, "refresh": refresh, "account": named})

    def _log_in(self, user: User) -> tuple[str, str]:
        """Return the tokens. Raises WrongPassword for a member who was removed since the password was checked."""
        member = current_membership(user)
        if member is None:
            raise WrongPassword
        try:
            return tokens.log_in(member=member)
        except PermissionDenied as error:
            raise WrongPassword from error


class RefreshView(TokenEndpoint):
    """Refresh token rotation, for a user who is still a member."""

    operations = {
        "post": Operation(
            "Returns a new access token and a new refresh token (refresh token rotation). A refresh token works once: "
            "when it is sent again, the log-in ends, and all its refresh tokens stop working.",
            "Refresh tokens",
            "refreshTokens",
            request={"refresh": REFRESH},
            response={"access": ACCESS, "refresh": REFRESH},
        )
    }

    @extend_schema(request=RefreshSerializer, responses=PairSerializer)
    def post(self, request: Request) -> Response:
        token = read_refresh(self.read(RefreshSerializer)["refresh"])
        with tenant_context(_account_of(token.tenant_id)):
            member = admit_bearer_of(token)
            access, refresh = tokens.rotate(token=token, member=member)
        return _unstored({"access": access, "refresh": refresh})


class VerifyView(TokenEndpoint):
    """Whether a token of any kind would be accepted now. Changes nothing."""

    operations = {
        "post": Operation(
            "Returns 200 if the server would accept the token now, and 401 `invalid_token` otherwise. Works for "
            "access, refresh and personal tokens, and does not use up a refresh token.",
            "Verify a token",
            "verifyToken",
            request={"token": ACCESS},
            response={},
        )
    }

    @extend_schema(request=VerifySerializer, responses=EmptyBody)
    def post(self, request: Request) -> Response:
        text = self.read(VerifySerializer)["token"]
        personal = find_personal_token(text)
        if personal is not None:
            with tenant_context(_account_of(personal.account_id)):
                admit(personal.member.user_id, personal.account_id, issued_at=personal.created_at, by_log_in=False)
            return _unstored({})
        token = read_any(text)
        with tenant_context(_account_of(token.tenant_id)):
            member = admit_bearer_of(token)
            if isinstance(token, TenantRefreshToken) and not tokens.is_current(token=token, member=member):
                raise InvalidToken("The token was used before or revoked.")
        return _unstored({})


class RevokeView(TokenEndpoint):
    """Ends a log-in, of former members too. The access token stays valid until it expires, ten minutes at most."""

    operations = {
        "post": Operation(
            "Ends the log-in that the refresh token belongs to, also for former members. Access tokens of the log-in "
            "work until they expire, for ten minutes at most.",
            "Log out",
            "logOut",
            request={"refresh": REFRESH},
        )
    }

    @extend_schema(request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        token = read_refresh(self.read(RefreshSerializer)["refresh"])
        with tenant_context(_account_of(token.tenant_id)):
            tokens.revoke(token=token)
        return Response(status=204)


def _account_of(tenant_id: UUID) -> Tenant:
    """Return the account that a valid token names, which the address must name too unless it is the public one.

    Raises TenantMismatch, AccountSuspended.
    """
    account = get_active_tenant() or tenant_by_id(tenant_id)
    if account is None or account.pk != tenant_id:
        raise TenantMismatch
    if account.suspended_at is not None:
        raise AccountSuspended
    return account


def named_account(slug: str | None) -> Tenant | None:
    """Return the account that tokens are wanted for, None if there is none of that name. A former one will do.

    Raises TenantMismatch for another one than the address names, ValidationError when neither names one.
    """
    active = get_active_tenant()
    if active is not None:
        if slug not in (None, active.slug) and _called(slug) != active:
            raise TenantMismatch
        return active
    if slug is None:
        message = _("Name the account, or use its own host.")
        raise serializers.ValidationError({"account": [message]})
    return _called(slug)


def _called(slug: str) -> AbstractTenant | None:
    return tenant_by_slug(slug) or tenant_by_former_slug(slug)


def _authenticate(request: HttpRequest, account: Tenant | None, email: str, password: str) -> User | None:
    """Return the person whose password this is, if they are a member of `account` who may log in.

    Failed attempts count towards the limit of the log-in page. An unknown account costs the same work and counts as a
    failure too: a random password is checked instead, so that the response reveals nothing about the given one. Raises
    TooManyAttempts.
    """
    adapter = get_adapter(request)
    if account is None:
        adapter.check_password(request, email, secrets.token_hex())
        return None
    with tenant_context(account):  # MemberBackend reads the membership in it
        return cast("User | None", adapter.check_password(request, email, password))


def _require_code(request: HttpRequest, user: User, code: str | None) -> None:
    """Raise OtpRequired, WrongPassword or TooManyAttempts, unless the code is right or none is required."""
    if not is_asked_for_code(user):
        return
    if not code:
        raise OtpRequired
    if not accepts_code(request, user, code):
        report_refused_log_in(user=user)
        raise WrongPassword


def _unstored(data: dict[str, Any]) -> Response:
    return Response(data, headers={"Cache-Control": "no-store"})

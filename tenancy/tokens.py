"""JSON Web Tokens with a tenant claim. The only module that uses simplejwt."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from tenancy.context import Tenant

TENANT_CLAIM = "tenant"
FAMILY_CLAIM = "family"
STAMP_CLAIM = "stamp"


class InvalidToken(Exception):
    """The token is expired or malformed, or its type, audience or signature is invalid."""


class TenantToken(Token):
    """A token of simplejwt, which checks signature, expiry, type and audience, with the `tenant` claim."""

    @property
    def tenant_id(self) -> UUID:
        """Raises InvalidToken when the claim is missing or no UUID."""
        return self._uuid(TENANT_CLAIM, "account")

    @property
    def user_id(self) -> UUID:
        """Raises InvalidToken when the claim is missing or no UUID."""
        return self._uuid(api_settings.USER_ID_CLAIM, "user")

    @property
    def issued_at(self) -> datetime:
        return datetime.fromtimestamp(self.get("iat", 0), UTC)

    @property
    def stamp(self) -> str:
        """Return the `stamp` of `issue()`, "" without one."""
        return str(self.get(STAMP_CLAIM, ""))

    def _uuid(self, claim: str, what: str) -> UUID:
        try:
            return UUID(str(self[claim]))
        except (KeyError, ValueError) as error:
            raise InvalidToken(f"The token names no {what}.") from error


class TenantAccessToken(TenantToken, AccessToken):
    @property
    def accepted_until(self) -> float:
        """Return the time, in seconds since 1970, until which it is valid: `exp` plus `LEEWAY` for clock skew."""
        leeway: timedelta = api_settings.LEEWAY
        return float(self["exp"]) + leeway.total_seconds()


class TenantRefreshToken(TenantToken, RefreshToken):  # type: ignore[misc]
    access_token_class = TenantAccessToken
    no_copy_claims = (*RefreshToken.no_copy_claims, FAMILY_CLAIM)  # type: ignore[assignment]  # of fixed length there

    @property
    def family_id(self) -> UUID:
        """Raises InvalidToken when the claim is missing or no UUID."""
        return self._uuid(FAMILY_CLAIM, "family")

    @property
    def token_id(self) -> UUID:
        """Raises InvalidToken when the claim is missing or no UUID."""
        return self._uuid(api_settings.JTI_CLAIM, "token")

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self["exp"], UTC)


def issue(*, user_id: UUID, tenant: Tenant, family_id: UUID | None = None, stamp: str = "") -> tuple[str, str]:
    """Return an access and a refresh token for a user in a tenant. The caller checks the membership.

    The caller also stores the family of the refresh token with its current token (refresh token rotation); without a
    family the token refreshes nothing. `stamp` is a claim of the caller in both tokens.
    """
    refresh = TenantRefreshToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user_id)
    refresh[TENANT_CLAIM] = str(tenant.pk)
    if family_id is not None:
        refresh[FAMILY_CLAIM] = str(family_id)
    if stamp:
        refresh[STAMP_CLAIM] = stamp
    return str(refresh.access_token), str(refresh)


def read_access(text: str) -> TenantAccessToken:
    """Return a checked access token. Raises InvalidToken."""
    return _read(TenantAccessToken, text)


def read_refresh(text: str) -> TenantRefreshToken:
    """Return a checked refresh token. Raises InvalidToken."""
    return _read(TenantRefreshToken, text)


def read_any(text: str) -> TenantAccessToken | TenantRefreshToken:
    """Return a checked token of either kind. Raises InvalidToken."""
    try:
        return read_access(text)
    except InvalidToken:
        return read_refresh(text)


def read_tenant_id(text: str) -> UUID:
    """Return the tenant of a checked access token. Raises InvalidToken."""
    return read_access(text).tenant_id


def _read[T: TenantToken](kind: type[T], text: str) -> T:
    try:
        return kind(text.encode())  # type: ignore[arg-type]  # the stubs lack this type
    except TokenError as error:
        raise InvalidToken("The token is invalid or has expired.") from error

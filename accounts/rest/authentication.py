"""Authentication of API requests by access tokens and personal tokens."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.authentication import admit, admit_bearer_of
from accounts.exceptions import NotAMember, TenantMismatch
from accounts.models import ApiToken, Membership, User
from accounts.rest.errors import as_refusal
from accounts.tokens import find_personal_token, record_use
from tenancy.context import use_time_zone
from tenancy.tokens import InvalidToken, TenantAccessToken, read_access


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer`, followed by an access token or a personal token. Sets `request.membership`.

    The time zone that the user has chosen applies to the rest of the request, as in MembershipMiddleware.

    Raises 401 `invalid_token`, 403 `tenant_mismatch`, 403 `not_a_member` for a former member.
    """

    def authenticate(self, request: Request) -> tuple[User, TenantAccessToken | ApiToken] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            token, membership = self._personal(text.strip()) or self._json_web_token(text.strip())
        except (InvalidToken, NotAMember, TenantMismatch) as error:
            raise as_refusal(error) from error
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
        token = read_access(text)
        return token, admit_bearer_of(token)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

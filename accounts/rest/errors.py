"""Refusals of the API, each with its code of the contract."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied

from accounts import exceptions
from tenancy.tokens import InvalidToken


class OtpRequired(AuthenticationFailed):
    default_code = "otp_required"
    default_detail = _("The password is correct. Also send a code of your authenticator app, as “otp”.")


class RefusedToken(AuthenticationFailed):
    default_code = "invalid_token"
    default_detail = _("The token is invalid or has expired.")


class TenantMismatch(PermissionDenied):
    default_code = "tenant_mismatch"
    default_detail = _("The credentials belong to another account than the address.")


class NotAMember(PermissionDenied):
    default_code = "not_a_member"
    default_detail = _("You are no longer a member of this account.")


class AccountSuspended(PermissionDenied):
    default_code = "account_suspended"
    default_detail = _("This account is suspended.")


def as_refusal(error: Exception) -> Exception:
    """Return the refusal with which the API answers refused credentials; any other exception unchanged."""
    refusals: dict[type[Exception], type[APIException]] = {
        InvalidToken: RefusedToken,
        exceptions.TenantMismatch: TenantMismatch,
        exceptions.NotAMember: NotAMember,
    }
    refusal = refusals.get(type(error))
    return refusal() if refusal else error


class Stale(APIException):
    status_code = 412
    default_code = "stale"
    default_detail = _("This was changed after you read it. Read it again before you write.")


class IdempotencyMismatch(APIException):
    status_code = 422
    default_code = "idempotency_mismatch"
    default_detail = _("This idempotency key was used for another body. Use a new one for each new request.")


class AnswerNotKept(APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = _("This request was carried out. Its response is a secret, which is shown only once.")


class RangeNotSatisfiable(APIException):
    status_code = 416
    default_code = "range_not_satisfiable"
    default_detail = _("The file has no bytes in that range.")

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size  # bytes of the file

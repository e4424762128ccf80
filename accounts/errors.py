"""Refusals at the edge of the API, each with its code of the contract."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied


class InvalidCredentials(AuthenticationFailed):
    default_code = "invalid_credentials"
    default_detail = _("The e-mail address or the password is wrong.")


class RefusedToken(AuthenticationFailed):
    default_code = "invalid_token"
    default_detail = _("The token is invalid or has expired.")


class TenantMismatch(PermissionDenied):
    default_code = "tenant_mismatch"
    default_detail = _("The credentials belong to another account than the address.")


class NotAMember(PermissionDenied):
    default_code = "not_a_member"
    default_detail = _("You are not a member of this account any more.")


class AccountSuspended(PermissionDenied):
    default_code = "account_suspended"
    default_detail = _("This account is suspended.")

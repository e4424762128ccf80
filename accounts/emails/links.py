"""Links that are sent to people: to the host that is stored, never to the one that a request names."""

from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import get_script_prefix, reverse

from accounts.models import User
from tenancy.context import get_active_tenant
from tenancy.routing import tenant_reverse


class PasswordLinkTokens(PasswordResetTokenGenerator):
    """Makes the key of a password link, which is worth nothing on the host of another account."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        tenant = get_active_tenant()
        return f"{super()._make_hash_value(user, timestamp)}:{tenant.pk if tenant else 'public'}"


def password_link(user: User) -> str:
    """Return a link to set a password with, on the host of the active account or on the public one."""
    key = {"uidb36": user_pk_to_url_str(user), "key": PasswordLinkTokens().make_token(user)}
    tenant = get_active_tenant()
    if tenant is None:
        return public_url("account_reset_password_from_key", **key)
    return tenant_reverse("account_reset_password_from_key", tenant=tenant, kwargs=key)


def public_url(name: str, **arguments: Any) -> str:
    """Return the absolute URL of a page of the public site, from any request, job or command."""
    path = reverse(name, urlconf=settings.ROOT_URLCONF, kwargs=arguments)
    return f"{settings.PUBLIC_URL}/{path.removeprefix(get_script_prefix())}"

"""Links in emails. They lead to the stored host of an account, never to the host that a request names."""

import secrets
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import get_script_prefix, reverse

from accounts.models import Invitation, User
from accounts.tokens import hash_of
from tenancy.context import get_active_tenant, require_active_tenant
from tenancy.routing import tenant_reverse


class PasswordLinkTokens(PasswordResetTokenGenerator):
    """Makes the key of a password reset link, which is invalid on the host of another account."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        tenant = get_active_tenant()
        return f"{super()._make_hash_value(user, timestamp)}:{tenant.pk if tenant else 'public'}"


def password_link(user: User) -> str:
    """Return a password reset link on the host of the active account or on the public one."""
    key = {"uidb36": user_pk_to_url_str(user), "key": PasswordLinkTokens().make_token(user)}
    tenant = get_active_tenant()
    if tenant is None:
        return public_url("account_reset_password_from_key", **key)
    return tenant_reverse("account_reset_password_from_key", tenant=tenant, kwargs=key)


def invitation_link(invitation: Invitation) -> str:
    """Return a new link to accept an invitation with, which invalidates every earlier one.

    Call it in the transaction that sends the link: the row keeps only the hash of the token.
    """
    text = secrets.token_urlsafe(32)
    invitation.token_hash = hash_of(text)
    invitation.save(update_fields=["token_hash"])
    return tenant_reverse("invitation", tenant=require_active_tenant(), kwargs={"token": text})


def public_url(name: str, **arguments: Any) -> str:
    """Return the absolute URL of a page of the public site, from any request, job or command."""
    path = reverse(name, urlconf=settings.ROOT_URLCONF, kwargs=arguments)
    return f"{settings.PUBLIC_URL}/{path.removeprefix(get_script_prefix())}"

"""Single sign-on across hosts: a log-in on the public site continues on the host of an account by a one-time ticket.

    the account's host      sets a nonce in a cookie, and redirects to the public site with the hash of the nonce
    the public site         shows the logged-in user; a POST makes a ticket for this user, account and hash
    the account's host      accepts the ticket once, within 30 seconds, from the browser that has the nonce

Only the public site makes tickets. The host of an account may be a domain that the owner of the account controls, so a
log-in there must not work anywhere else.

The nonce prevents login CSRF: without it an attacker could send a victim a ticket of the attacker's own account and
read what the victim enters there.

Tickets are in the cache, in the space of all tenants, by their hash. Redis returns a ticket to the first request and
removes it. Without Redis there is no single sign-on, and users log in at the account itself.
"""

import secrets
from typing import cast
from uuid import UUID

from django.core.cache import caches
from django.utils.crypto import constant_time_compare

from accounts.authentication import current_membership
from accounts.exceptions import Gone
from accounts.models import Account, User
from accounts.tokens import hash_of
from tenancy.cache import TenantRedisCache
from tenancy.context import require_active_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.routing import tenant_by_slug

SECONDS = 30


def find_account_of(user: User, slug: str) -> AbstractTenant:
    """Return the account with this slug if `user` may log in there now. Raises Gone, whatever the reason."""
    account = tenant_by_slug(slug)
    if account is None or account.suspended_at is not None:
        raise Gone
    with tenant_context(account):
        if current_membership(user) is None:
            raise Gone
    return account


def create_ticket(*, user: User, account: AbstractTenant, challenge: str) -> str:
    """Return a ticket that logs `user` in at `account`, in the browser with the nonce whose hash is `challenge`.

    Raises CacheUnavailable.
    """
    text = secrets.token_urlsafe(32)
    value = {"user": str(user.pk), "account": str(account.pk), "challenge": challenge, "stamp": user.log_in_stamp}
    _cache().set(_key(text), value, SECONDS)
    return text


def redeem_ticket(*, text: str, nonce: str) -> User | None:
    """Return the user whom a ticket logs in, in the active account and this browser, or None.

    In both cases the ticket cannot be used again. Raises CacheUnavailable.
    """
    value = _cache().take(_key(text))
    if not value or value["account"] != str(cast(Account, require_active_tenant()).pk):
        return None
    if not constant_time_compare(value["challenge"], hash_of(nonce)):
        return None
    user = User.objects.filter(pk=UUID(value["user"]), is_active=True).first()
    if (
        user is None
        or not constant_time_compare(value["stamp"], user.log_in_stamp)
        or current_membership(user) is None
    ):
        return None
    return user


def _key(text: str) -> str:
    return f"login:hand-over:{hash_of(text)}"  # outside of all tenants: see PUBLIC_CACHE_KEYS


def _cache() -> TenantRedisCache:
    return cast(TenantRedisCache, caches["default"])

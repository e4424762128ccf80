"""How a log-in on the public site becomes a log-in at an account, on another host and with another session.

    the account's host      sets a nonce in a cookie, and sends the person to the public site with the nonce's hash
    the public site         shows who they are logged in as; a POST makes a token for this person, account and hash
    the account's host      takes the token once, within 30 seconds, from the browser that has the nonce

Only the public site makes them. The host of another account will not do: an account may have a domain of its own,
which is in the hands of the account's owner, and what they get hold of there must open nothing elsewhere.

The nonce is there against log-ins that are forced on somebody: without it a stranger could send people a token of the
stranger's own, and read what they enter into the stranger's account.

Tokens are in the cache, in the space of all tenants, by their hash: Redis gives one to whoever asks first and to
nobody after that. Without Redis there is no way over, and people log in at the account as ever.
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
    """Return the account of that name, if `user` may go there now. Raises Gone, whatever the reason."""
    account = tenant_by_slug(slug)
    if account is None or account.suspended_at is not None:
        raise Gone
    with tenant_context(account):
        if current_membership(user) is None:
            raise Gone
    return account


def hand_over(*, user: User, account: AbstractTenant, challenge: str) -> str:
    """Return a token that logs `user` in at `account`, in the browser with the nonce whose hash is `challenge`.

    Raises CacheUnavailable.
    """
    text = secrets.token_urlsafe(32)
    value = {"user": str(user.pk), "account": str(account.pk), "challenge": challenge, "stamp": user.log_in_stamp}
    _cache().set(_key(text), value, SECONDS)
    return text


def take_over(*, text: str, nonce: str) -> User | None:
    """Return whom a token logs in here, in the active account and this browser, None if nobody.

    Whatever the answer, nobody can use it again. Raises CacheUnavailable.
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
    return f"login:hand-over:{hash_of(text)}"  # public, whoever is active: see PUBLIC_CACHE_KEYS


def _cache() -> TenantRedisCache:
    return cast(TenantRedisCache, caches["default"])

"""Reading personal access tokens. `accounts.actions.tokens` issues and revokes tokens."""

import re
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.exceptions import TenantMismatch
from accounts.models import ApiToken
from tenancy.context import get_active_tenant, tenant_context
from tenancy.routing import tenant_by_id

# The text names the account, since the row of a token is visible in its account only.
PERSONAL = re.compile(r"chp_(?P<account>[0-9a-f]{32})_[0-9a-f]{64}")
PREFIX_LENGTH = len("chp_") + 32 + len("_") + 8  # 32 of the secret's 256 bits
USED_EVERY = timedelta(minutes=1)


def find_personal_token(text: str) -> ApiToken | None:
    """Return the valid token that `text` is, with its `member`, from the account that it names; None if it is none.

    The caller checks whether the membership has not ended. Raises TenantMismatch, without a lookup, for a token that
    names another account than the active one.
    """
    tenant_id, active = tenant_id_of_personal_token(text, look_up=False), get_active_tenant()
    if tenant_id is not None and active is not None and tenant_id != active.pk:
        raise TenantMismatch
    tenant = tenant_by_id(tenant_id) if tenant_id else None
    if tenant is None:
        return None
    with tenant_context(tenant):
        rows = ApiToken.objects.valid().select_related("member")
        found: ApiToken | None = rows.filter(text_hash=hash_of(text)).first()
        return found


def tenant_id_of_personal_token(text: str, *, look_up: bool) -> UUID | None:
    """Return the account that the text of a personal token names, None for other texts: `TENANCY["PERSONAL_TOKENS"]`.

    With `look_up`, None also for a token that is not valid.
    """
    if look_up:
        token = find_personal_token(text)
        return token.account_id if token else None
    match = PERSONAL.fullmatch(text)
    return UUID(match["account"]) if match else None


def record_use(token: ApiToken) -> None:
    """Save that a token is used, at most once a minute: a row lock in every request would make requests wait."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def hash_of(text: str) -> str:
    """Return the hash of a token's text, which is stored instead of the text.

    A fast hash without salt suffices, unlike for passwords: 256 random bits cannot be guessed at any speed. The same
    text must give the same hash, because the row is looked up by it.
    """
    return sha256(text.encode()).hexdigest()

"""The accounts that a person belongs to, for the public page and for the way from one account to another."""

from dataclasses import dataclass

from accounts.models import Account, Membership, User
from accounts.permissions import may
from tenancy.context import as_user
from tenancy.folding import sort_key
from tenancy.routing import primary_host, tenant_reverse


@dataclass(frozen=True)
class Place:
    """An account that a person belongs to."""

    account: Account
    role: str
    host: str
    url: str  # of its door, which knows how to log somebody in; empty while the account is suspended


def places_of(user: User) -> list[Place]:
    """Return them by name. Two queries, however many they are."""
    with as_user(user):
        memberships = list(Membership.objects.current().prefetch_related("account"))
    memberships.sort(key=lambda membership: sort_key(membership.account.name))
    return [_place(membership) for membership in memberships]


def _place(membership: Membership) -> Place:
    account = membership.account
    # Owners of one that waits for being deleted may come in, and call it off.
    is_open = account.suspended_at is None or (account.is_closing and may(membership, "account.delete"))
    url = tenant_reverse("enter", tenant=account) if is_open else ""
    return Place(account, membership.get_role_display(), primary_host(account), url)

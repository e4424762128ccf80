"""The accounts of a user, for the public site and for the account switcher."""

from dataclasses import dataclass

from accounts.models import Account, Membership, User
from accounts.permissions import may
from tenancy.context import as_user
from tenancy.folding import sort_key
from tenancy.routing import primary_host, tenant_reverse


@dataclass(frozen=True)
class Place:
    """An account of a user."""

    account: Account
    role: str
    host: str
    url: str  # of single sign-on to its host, empty while the account is suspended


def places_of(user: User) -> list[Place]:
    """Return the accounts of `user` by name. Two queries."""
    with as_user(user):
        memberships = list(Membership.objects.current().prefetch_related("account"))
    memberships.sort(key=lambda membership: sort_key(membership.account.name))
    return [_place(membership) for membership in memberships]


def _place(membership: Membership) -> Place:
    account = membership.account
    # Owners of an account that is scheduled for deletion can still log in and restore it.
    is_open = account.suspended_at is None or (account.is_closing and may(membership, "account.delete"))
    url = tenant_reverse("enter", tenant=account) if is_open else ""
    return Place(account, membership.get_role_display(), primary_host(account), url)

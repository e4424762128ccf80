"""The public site."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Account, Membership, User
from accounts.permissions import may
from tenancy.context import as_user
from tenancy.routing import primary_host, tenant_reverse


@dataclass(frozen=True)
class Place:
    """An account that a person belongs to."""

    account: Account
    role: str
    host: str
    url: str  # empty while the account is suspended


@require_safe
@login_not_required
@never_cache
def landing(request: HttpRequest) -> HttpResponse:
    """What this is; for somebody who has logged in, the accounts that they belong to."""
    if isinstance(request.user, User):
        return render(request, "accounts.html", {"places": _places_of(request.user)})
    return render(request, "landing.html")


def _places_of(user: User) -> list[Place]:
    with as_user(user):
        memberships = list(Membership.objects.current().prefetch_related("account"))
    memberships.sort(key=lambda membership: membership.account.name.casefold())
    return [_place(membership) for membership in memberships]


def _place(membership: Membership) -> Place:
    account = membership.account
    if account.is_closing and may(membership, "account.delete"):
        url = tenant_reverse("danger", tenant=account)  # the way back
    else:
        url = "" if account.suspended_at else tenant_reverse("projects", tenant=account)
    return Place(account, membership.get_role_display(), primary_host(account), url)

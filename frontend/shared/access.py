"""The types of requests that views receive."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Account, Membership, User


class MemberRequest(HttpRequest):
    """A request of a current member on an account's host. Views that are not `@login_not_required` receive it.

    TenantMiddleware and MembershipMiddleware set the attributes. LoginRequiredMiddleware redirects other clients.
    """

    tenant: Account
    membership: Membership
    user: User
    htmx: HtmxDetails


class VisitorRequest(HttpRequest):
    """Any request on an account's host. `membership` is None for clients that are no members."""

    tenant: Account
    membership: Membership | None

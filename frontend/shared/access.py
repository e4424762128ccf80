"""What views know about the person who asks."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Account, Membership, User


class MemberRequest(HttpRequest):
    """A request on an account's host, as `@login_not_required` views never see it: by a live member of the account.

    TenantMiddleware and MembershipMiddleware set the attributes; LoginRequiredMiddleware sends everybody else away.
    """

    tenant: Account
    membership: Membership
    user: User
    htmx: HtmxDetails


class VisitorRequest(HttpRequest):
    """A request on an account's host by anybody: `membership` is None for a stranger."""

    tenant: Account
    membership: Membership | None

"""Rate limits of the API, per user and per account and minute.

The throttles of REST framework read a list of times and write it back, so simultaneous requests count as one and the
list grows with the limit. Here Redis increments the numbers of the minute, of the user and the account, in one round
trip. At the turn of a minute twice the limit can pass, which is sufficient to protect other accounts.
"""

from dataclasses import dataclass
from time import time
from typing import cast

from django.conf import settings
from django.core.cache import caches
from django.http.response import HttpResponseBase
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from accounts.models import Account, Membership
from accounts.plans import LIMITS
from tenancy.cache import TenantRedisCache
from tenancy.context import get_active_tenant

MINUTE = 60  # seconds


@dataclass(frozen=True)
class Allowance:
    """The state of a limit."""

    limit: int
    remaining: int  # negative when the limit is exceeded
    reset: int  # seconds until the next minute


def count_request(request: Request) -> None:
    """Count a request of a member. Raises Throttled. Without the cache requests are neither counted nor refused.

    A request beyond the limit of the user does not count for the account, so a flood of one user does not affect
    others.
    """
    member = cast("Membership | None", getattr(request, "membership", None))
    account = cast("Account | None", get_active_tenant())
    if member is None or account is None or not settings.API_RATE_LIMITS:
        return
    minute, seconds = divmod(int(time()), MINUTE)
    plan = LIMITS[account.plan]
    limits = {
        f"api-requests:user:{member.pk}:{minute}": plan.requests_per_user,
        f"api-requests:account:{minute}": plan.requests_per_account,
    }
    counted = cast(TenantRedisCache, caches["default"]).count(limits, MINUTE)
    if counted is None:
        return
    # The account is not counted, and not in the list, when the limit of the user is exceeded.
    allowances = [
        Allowance(limit, limit - number, MINUTE - seconds)
        for limit, number in zip(limits.values(), counted, strict=False)
    ]
    tighter = min(allowances, key=lambda each: each.remaining)
    request.allowance = tighter  # type: ignore[attr-defined]
    if tighter.remaining < 0:
        raise Throttled(tighter.reset)


def add_headers(request: Request, response: HttpResponseBase) -> None:
    """Add the state of the tighter limit in the header fields of the IETF's draft."""
    allowance = cast("Allowance | None", getattr(request, "allowance", None))
    if allowance is not None:
        response.headers["RateLimit-Limit"] = str(allowance.limit)
        response.headers["RateLimit-Remaining"] = str(max(allowance.remaining, 0))
        response.headers["RateLimit-Reset"] = str(allowance.reset)

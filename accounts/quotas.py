"""How much of something the plan of an account includes."""

from collections.abc import Sequence
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.plans import LIMITS, Plan
from tenancy.context import require_active_tenant


class QuotaExceeded(ValidationError):
    """The plan does not include one more: 402 `quota_exceeded`. Forms show it as they show what else is refused."""


def require_room_for_project(projects: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include one more than `projects`."""
    _require_room(
        [projects],
        "projects",
        _("The plan “%(plan)s” includes %(limit)d projects, archived ones too. Delete one, or change the plan."),
    )


def require_room_for_member(*people: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include one more than `people` together."""
    _require_room(
        people,
        "members",
        _("The plan “%(plan)s” includes %(limit)d members, with those invited. Remove one, or change the plan."),
    )


def _require_room(rows: Sequence[QuerySet[Any]], name: str, message: str) -> None:
    """Called in the transaction that adds a row, before that locks anything else.

    It locks the account, so that of two who add the last one at the same time the second waits, and then counts the
    first one's too. An account without a limit is not locked.
    """
    account = cast(Account, require_active_tenant())  # its plan is ten seconds old at most
    if getattr(LIMITS[account.plan], name) is None:
        return
    # NO KEY: whatever only refers to the account, which is every row that is inserted, need not wait.
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    limit: int | None = getattr(LIMITS[account.plan], name)
    if limit is not None and sum(each.count() for each in rows) >= limit:
        raise QuotaExceeded(message, params={"plan": Plan(account.plan).label, "limit": limit}, code="quota_exceeded")

"""How much of something the plan of an account includes."""

from collections.abc import Sequence
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Sum
from django.template.defaultfilters import filesizeformat
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


def require_room_for_invitation(unanswered: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include one more than `unanswered`."""
    _require_room(
        [unanswered],
        "invitations",
        _("The plan “%(plan)s” includes %(limit)d invitations that nobody has accepted. Take some back, then wait."),
    )


class FileTooLarge(Exception):
    """The plan does not include files of that size: 413 `too_large`, with this text."""


def largest_file() -> int:
    """Return how many bytes a file may have in the active account."""
    return LIMITS[cast(Account, require_active_tenant()).plan].file


def require_allowed_size(size: int) -> None:
    """Raise FileTooLarge if the plan of the active account does not include files of `size` bytes."""
    if size > (most := largest_file()):
        raise FileTooLarge(_("A file may have %(most)s here.") % {"most": filesizeformat(most)})


def require_room_for_file(size: int, *files: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include `size` bytes more than `files` have.

    To be called like the others: with the account locked, nobody else adds a file before this one counts.
    """
    plan = _lock_limited("storage")
    if plan is None:
        return
    limit = LIMITS[plan].storage
    used = sum(each.aggregate(bytes=Sum("size"))["bytes"] or 0 for each in files)
    if limit is not None and used + size > limit:
        message = _("The plan “%(plan)s” includes %(limit)s of files. Delete some, or change the plan.")
        params = {"plan": Plan(plan).label, "limit": filesizeformat(limit)}
        raise QuotaExceeded(message, params=params, code="quota_exceeded")


def _require_room(rows: Sequence[QuerySet[Any]], name: str, message: str) -> None:
    """Called in the transaction that adds a row, before that locks anything else.

    It locks the account, so that of two who add the last one at the same time the second waits, and then counts the
    first one's too. An account without a limit is not locked.
    """
    plan = _lock_limited(name)
    limit: int | None = getattr(LIMITS[plan], name) if plan else None
    if plan and limit is not None and sum(each.count() for each in rows) >= limit:
        raise QuotaExceeded(message, params={"plan": Plan(plan).label, "limit": limit}, code="quota_exceeded")


def _lock_limited(name: str) -> str | None:
    """Lock the active account and return its plan, if that limits `name`; None, and no lock, if it does not."""
    account = cast(Account, require_active_tenant())  # its plan is ten seconds old at most
    if getattr(LIMITS[account.plan], name) is None:
        return None
    # NO KEY: whatever only refers to the account, which is every row that is inserted, need not wait.
    return Account.objects.select_for_update(no_key=True).get(pk=account.pk).plan

"""How much of something the plan of an account includes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.exceptions import FileTooLarge, Gone, QuotaExceeded
from accounts.models import Account, Invitation, Membership
from accounts.plans import LIMITS, Plan
from tenancy import places
from tenancy.context import require_active_tenant
from tenancy.planes import is_placed


@dataclass(frozen=True)
class Quota:
    """A limit on the number of rows of the active account."""

    name: str  # of the limit in accounts/plans.py
    label: Any  # on the page about the plan
    rows: Callable[[], Sequence[QuerySet[Any]]]  # that count together
    message: Any  # with %(plan)s and %(limit)d

    @property
    def placed(self) -> bool:
        """Whether it limits content."""
        return is_placed(self.rows()[0].model)

    def count(self) -> int:
        """Return how many rows the active account has."""
        return sum(each.count() for each in self.rows())


QUOTAS: dict[str, Quota] = {}  # by name, in the order of the page about the plan


def declare(quota: Quota) -> None:
    """Add a quota. Raises ImproperlyConfigured if its name is taken, or if a plan has no such limit."""
    if quota.name in QUOTAS:
        raise ImproperlyConfigured(f"The quota “{quota.name}” is declared twice. Rename one.")
    if not all(hasattr(limits, quota.name) for limits in LIMITS.values()):
        raise ImproperlyConfigured(f"Add the limit “{quota.name}” to the plans in accounts/plans.py.")
    QUOTAS[quota.name] = quota


declare(
    Quota(
        "members",
        label=_("Members and pending invitations"),
        rows=lambda: [Membership.objects.current(), Invitation.objects.valid()],
        message=_(
            "The plan “%(plan)s” includes %(limit)d members and pending invitations. Remove one, or change the plan."
        ),
    )
)
declare(
    Quota(
        "invitations",
        label=_("Invitations that were not accepted"),
        rows=lambda: [Invitation.objects.unanswered()],
        message=_(
            "The plan “%(plan)s” includes %(limit)d invitations that were not accepted. Revoke some, then wait."
        ),
    )
)


def require_room(name: str, *rows: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include one more of the quota `name`.

    Given `rows`, those are counted in place of the quota's own. To be called in the transaction that adds a row,
    before it locks anything else.

    It locks the account, or its anchor for content. Of two requests that add the last row at the same time the second
    waits, and then counts the row of the first. An account without a limit is not locked.
    """
    quota = QUOTAS[name]
    plan = _lock_limited(name, placed=quota.placed)
    limit: int | None = getattr(LIMITS[plan], name) if plan else None
    if plan and limit is not None and sum(each.count() for each in rows or quota.rows()) >= limit:
        params = {"plan": Plan(plan).label, "limit": limit}
        raise QuotaExceeded(quota.message, params=params, code="quota_exceeded")


def largest_file() -> int:
    """Return how many bytes a file may have in the active account."""
    return LIMITS[cast(Account, require_active_tenant()).plan].file


def require_allowed_size(size: int) -> None:
    """Raise FileTooLarge if the plan of the active account does not include files of `size` bytes."""
    if size > (most := largest_file()):
        raise FileTooLarge(gettext("A file can have at most %(most)s.") % {"most": filesizeformat(most)})


def require_room_for_file(size: int, *files: QuerySet[Any]) -> None:
    """Raise QuotaExceeded if the plan of the active account does not include `size` bytes more than `files` have.

    Call it first in the transaction that adds the file: it locks the anchor, so that concurrent files count too.
    """
    plan = _lock_limited("storage", placed=True)
    if plan is None:
        return
    limit = LIMITS[plan].storage
    used = sum(each.aggregate(bytes=Sum("size"))["bytes"] or 0 for each in files)
    if limit is not None and used + size > limit:
        message = gettext("The plan “%(plan)s” includes %(limit)s of files. Delete some, or change the plan.")
        params = {"plan": Plan(plan).label, "limit": filesizeformat(limit)}
        raise QuotaExceeded(message, params=params, code="quota_exceeded")


def _lock_limited(name: str, *, placed: bool) -> str | None:
    """Lock the active account or its anchor, and return the plan, if that limits `name`; if not, None and no lock."""
    account = cast(Account, require_active_tenant())  # its plan is ten seconds old at most
    if getattr(LIMITS[account.plan], name) is None:
        return None
    # NO KEY: whatever only refers to the row, as inserted rows do, need not wait.
    if placed:
        if places.anchor().select_for_update(no_key=True).first() is None:  # the account was erased meanwhile
            raise Gone
        return Account.objects.get(pk=account.pk).plan
    return Account.objects.select_for_update(no_key=True).get(pk=account.pk).plan

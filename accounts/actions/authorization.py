"""Authorization at the time of use: every action checks the permissions of the acting member in its transaction.

A request reads its member when it begins. Until the action has its locks, or an upload its last byte, the member may
have been removed or have another role, and the account may have been suspended.

    1. `require()` checks the member as the request has read it: a refusal costs no lock.
    2. The action locks what it changes, in the established order: user, account, rows of the app.
    3. `authorize()` locks the membership last, reads it again and checks it again.

A revocation locks account and membership and takes no other lock afterwards, so there is no deadlock. It waits for the
writes that were authorized before it; writes that are authorized after it are refused.
"""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import require
from tenancy.locks import locked_in_share


def authorize(
    actor: Membership, permission: str, *, changes_member: bool = False, while_suspended: bool = False
) -> None:
    """Make `actor` what they are now, keep them so until the transaction ends, and require `permission` of them.

    One query, after all other locks of the action. `changes_member` is for actions that write to the membership
    itself: two of them would wait for each other if both had it in share. Raises PermissionDenied.
    """
    rows = Membership.objects.current().select_related("account", "user").filter(pk=actor.pk)
    locked = rows.select_for_update(of=("self",), no_key=True) if changes_member else locked_in_share(rows)
    now = locked.first()
    if now is None or not now.user.is_active:
        raise PermissionDenied(_("You are no longer a member of this account."))
    if now.account.suspended_at is not None and not while_suspended:
        raise PermissionDenied(_("This account is suspended."))
    # The same object: callers that have it see the reloaded values.
    for field in Membership._meta.concrete_fields:
        setattr(actor, field.attname, getattr(now, field.attname))
    actor.user = now.user
    require(actor, permission)

"""Account deletion: the owner requests it and can cancel it for two weeks. Then `account_erasure` begins."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.actions.locks import lock_account
from accounts.audit import record_audit
from accounts.exceptions import Conflicting
from accounts.models import Account, Membership
from accounts.validation import is_same_name
from tenancy.jobs import enqueue
from tenancy.routing import forget_tenant


class NotDeleting(Conflicting):
    """No deletion of the account is pending; nothing was changed."""


@transaction.atomic
def delete_account(*, actor: Membership, name: str) -> Account:
    """Suspend the account at once and have it erased in two weeks. `name` is its name, typed as a confirmation.

    Raises PermissionDenied, ValidationError.
    """
    account = lock_account()
    authorize(actor, "account.delete")
    if not is_same_name(name, account.name):
        raise ValidationError({"name": _("This is not the name of the account.")})
    account.suspended_at = account.deleting_since = timezone.now()
    account.save(update_fields=["suspended_at", "deleting_since"])
    record_audit(action="account.deletion_requested", actor=actor, subject=account, data={"name": account.name})
    enqueue("accounts.mail_deletion", actor_id=str(actor.pk))
    forget_tenant(account)
    return account


@transaction.atomic
def restore_account(*, actor: Membership) -> Account:
    """Cancel the deletion. Raises PermissionDenied, NotDeleting."""
    account = lock_account()
    authorize(actor, "account.delete", while_suspended=True)
    if not account.is_closing or is_due(account):
        raise NotDeleting(_("This account is not being deleted."))
    account.suspended_at = account.deleting_since = None
    account.save(update_fields=["suspended_at", "deleting_since"])
    record_audit(action="account.restored", actor=actor, subject=account)
    forget_tenant(account)
    return account


def is_due(account: Account) -> bool:
    """Return whether the time to cancel a deletion is over."""
    return account.deleting_since is not None and account.deleting_since <= timezone.now() - Account.DELETION_GRACE

"""Locks that several actions need, in the established order: user, account, then rows of the account."""

from django.db.models import Model, QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.exceptions import Conflicting, Gone
from accounts.models import Account, User
from tenancy.context import require_active_tenant


class PersonGone(Conflicting):
    """The user has deleted themselves meanwhile; nothing was changed."""


def get_or_gone[M: Model](rows: QuerySet[M], pk: object) -> M:
    """Return the reloaded row of `rows` with this key. Raises Gone."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Gone
    return found


def lock_person(user: User) -> User:
    """Return the reloaded user, locked until the transaction ends. Raises PersonGone.

    Lock the user before any account. Deleting a user locks the user's row and then, one after the other, all their
    accounts. Every write to data of a user needs this lock, so that no data of theirs remains after their deletion.
    """
    # NO KEY: inserts of rows that refer to the user need not wait.
    found = User.objects.select_for_update(no_key=True).filter(pk=user.pk, deleted_at=None).first()
    if found is None:
        raise PersonGone(_("This user was deleted."))
    return found


def lock_for_log_in(user: User, *, stamp: str) -> User:
    """Return a user who is about to be logged in, locked until the transaction ends. Raises PersonGone.

    `stamp` is their `log_in_stamp` at the first step, such as the password. A new password, and ending all log-ins,
    invalidates what was begun before. Later changes wait for this transaction and end what it creates.
    """
    found = lock_person(user)
    if not found.is_active or not constant_time_compare(found.log_in_stamp, stamp):
        raise PersonGone(_("This session has ended. Log in again."))
    return found


def lock_person_with(email: str) -> User | None:
    """Return the user with this e-mail address, locked until the transaction ends, or None."""
    return User.objects.select_for_update(no_key=True).filter(email=email).first()


def lock_account() -> Account:
    """Return the reloaded active account, locked until the transaction ends. Actions on members begin with it."""
    # NO KEY: inserts of rows that refer to the account, which are all inserts, need not wait.
    return Account.objects.select_for_update(no_key=True).get(pk=require_active_tenant().pk)

"""People, locked while something of theirs is written: nothing of that may outlive somebody who deletes themselves."""

from django.db.models import Model, QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.exceptions import Conflicting, Gone
from accounts.models import Account, User
from tenancy.context import require_active_tenant


class PersonGone(Conflicting):
    """The person has deleted themselves meanwhile; nothing was changed."""


def get_or_gone[M: Model](rows: QuerySet[M], pk: object) -> M:
    """Return the row of `rows` with this key, as it is now. Raises Gone."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Gone
    return found


def lock_person(user: User) -> User:
    """Return a person as they are now, locked until the transaction ends. Raises PersonGone.

    A person comes before the accounts that are locked in the same transaction: whoever deletes themselves locks their
    own row and then, one after the other, all accounts that they belong to.
    """
    # NO KEY: rows that only refer to the person need not wait.
    found = User.objects.select_for_update(no_key=True).filter(pk=user.pk, deleted_at=None).first()
    if found is None:
        raise PersonGone(_("This person has deleted themselves."))
    return found


def lock_for_log_in(user: User, *, stamp: str) -> User:
    """Return a person who is about to be logged in, locked until the transaction ends. Raises PersonGone.

    `stamp` is their `log_in_stamp` at the first step, such as the password: a new password and the end of all log-ins
    end what was begun before them. What comes later waits for this transaction, and ends what it has made.
    """
    found = lock_person(user)
    if not found.is_active or not constant_time_compare(found.log_in_stamp, stamp):
        raise PersonGone(_("This log-in has ended. Log in again."))
    return found


def lock_person_with(email: str) -> User | None:
    """Return who has an address now, locked until the transaction ends; None if nobody has it."""
    return User.objects.select_for_update(no_key=True).filter(email=email).first()


def lock_account() -> Account:
    """Return the active account as it is now, locked until the transaction ends, as every action on members begins."""
    # NO KEY: rows that only refer to the account, which is every row that is inserted, need not wait.
    return Account.objects.select_for_update(no_key=True).get(pk=require_active_tenant().pk)

"""People, locked while something of theirs is written: nothing of that may outlive somebody who deletes themselves."""

from django.utils.translation import gettext as _

from accounts.conflicts import Conflicting
from accounts.models import User


class PersonGone(Conflicting):
    """The person has deleted themselves meanwhile; nothing was changed."""


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


def lock_person_with(email: str) -> User | None:
    """Return who has an address now, locked until the transaction ends; None if nobody has it."""
    return User.objects.select_for_update(no_key=True).filter(email=email).first()

"""User deletion. The work of the user stays in the accounts and is shown as that of "a former member"."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.locks import PersonGone, lock_account, lock_person
from accounts.actions.members import LastOwner, end_membership
from accounts.actions.pictures import forget_avatar
from accounts.audit import record_audit
from accounts.models import Account, Membership, User
from tenancy.context import as_user, tenant_context


@transaction.atomic
def delete_user(*, user: User) -> None:
    """End all memberships of a user who has confirmed their identity, and erase their personal data. Raises LastOwner.

    All or nothing: the last owner of one account leaves none. Sessions end with the password; tokens and sockets end
    with the memberships. The row stays, since former memberships refer to it, with an unusable address. The audit log
    of an account keeps the address that it has recorded.

    Every other write to data of a user first locks the user. So it finishes before this one and its result is erased
    here, or it finds no user. A second call changes nothing.
    """
    try:
        user = lock_person(user)
    except PersonGone:
        return
    accounts = _accounts_of(user)
    owned = [account.name for account in accounts if not _leave(account, user)]
    if owned:
        text = _("You are the last owner of %(names)s. Transfer the account to another member, or delete it first.")
        raise LastOwner(text % {"names": ", ".join(owned)})
    forget_person(user)


def forget_person(user: User) -> None:
    """Erase the personal data of a user, in a transaction that has ended their memberships."""
    _forget_pictures(user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.email, user.name, user.deleted_at = f"{user.pk}@deleted.invalid", "", timezone.now()
    user.time_zone = None
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def _accounts_of(user: User) -> Iterable[Account]:
    with as_user(user):
        memberships = list(Membership.objects.current().prefetch_related("account"))
    # Two users who delete themselves at the same time lock their accounts in the same order.
    return sorted((membership.account for membership in memberships), key=lambda account: account.pk)


def _forget_pictures(user: User) -> None:
    """Remove the user's pictures, also in the accounts that they have left before."""
    with as_user(user):
        memberships = list(Membership.objects.exclude(avatar="").prefetch_related("account"))
    for member in memberships:
        with tenant_context(member.account):
            forget_avatar(member)


def _leave(account: Account, user: User) -> bool:
    """End the membership of `user` and return whether that was possible. If not, the caller rolls everything back."""
    with tenant_context(account):
        try:
            lock_account()
        except Account.DoesNotExist:  # erased meanwhile, with everything in it
            return True
        member = Membership.objects.current().filter(user_id=user.pk).first()
        if member is None:  # removed meanwhile
            return True
        member.user = user
        try:
            end_membership(member, member)
        except LastOwner:
            return False
        data = {"member": str(member.pk), "email": user.email, "role": member.role}
        record_audit(action="member.left", actor=member, subject=member, data=data)
        return True

"""Deleting one's own user. What they wrote stays with the accounts, where it is "a former member's"."""

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
    """End all memberships of somebody who has proved who they are, and forget the person. Raises LastOwner.

    All or nothing: whoever is the last owner of one account leaves none. Their sessions end with their password,
    tokens and sockets with the memberships. The row stays, since the memberships that have ended refer to it, with an
    address that nobody has; the log of an account keeps the one that it has written down, as of all who have left.

    Whatever else writes to what is theirs locks the person first. So it is done before this and ended here, or it
    finds nobody. Somebody who has done this already is left alone.
    """
    try:
        user = lock_person(user)
    except PersonGone:
        return
    accounts = _accounts_of(user)
    owned = [account.name for account in accounts if not _leave(account, user)]
    if owned:
        text = _("You are the last owner of %(names)s. Make somebody else the owner, or delete the account first.")
        raise LastOwner(text % {"names": ", ".join(owned)})
    forget_person(user)


def forget_person(user: User) -> None:
    """Leave nothing of a person in their row, in a transaction that has ended their memberships."""
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
    # Two who delete themselves at the same moment lock their accounts in the same order.
    return sorted((membership.account for membership in memberships), key=lambda account: account.pk)


def _forget_pictures(user: User) -> None:
    """Take away the person's pictures, in the accounts that they have left before too."""
    with as_user(user):
        memberships = list(Membership.objects.exclude(avatar="").prefetch_related("account"))
    for member in memberships:
        with tenant_context(member.account):
            forget_avatar(member)


def _leave(account: Account, user: User) -> bool:
    """End the membership of `user`; say whether it could be. The caller takes everything back if one could not."""
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

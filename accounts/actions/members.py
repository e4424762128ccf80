"""Changes of memberships: roles, removal, leaving, readmission and the transfer of the account.

Every action first locks the account and then reads its members. When two owners leave at the same time, the second one
waits and is then refused as the last owner. A member who has lost a role meanwhile cannot use it any more.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone, lock_account
from accounts.audit import record_audit
from accounts.exceptions import Conflicting
from accounts.models import Account, ApiToken, Invitation, Membership, RefreshFamily, Role, User
from accounts.models.invitations import INVITERS
from accounts.validation import validate_fields
from tenancy.jobs import enqueue
from tenancy.locks import locked_in_share
from tenancy.places import atomic


class LastOwner(Conflicting):
    """The account would have no owner; nothing was changed."""


class AlreadyOwner(Conflicting):
    """The member is an owner already; nothing was changed."""


class StillEnding(Conflicting):
    """Rows of the earlier membership are not deleted yet; nothing was changed."""


class AlreadyMember(Conflicting):
    """The user is a member already; nothing was changed."""


@transaction.atomic
def change_role(*, member: Membership, actor: Membership, role: str) -> Membership:
    """Change the role of a member and return the reloaded member; the same role again changes nothing.

    It does not make owners: see `transfer_account()`. Raises PermissionDenied, ValidationError, LastOwner, and Gone if
    the member has left meanwhile.
    """
    lock_account()
    authorize(actor, "member.manage")
    member = _reread(member)
    refuse_owner_role(role)
    _require_power_over(member, actor)
    before = member.role
    if role == before:
        return member
    _require_another_owner(member)
    if role not in INVITERS:
        _revoke_invitations(Q(invited_by=member), actor)
    member.role = role
    validate_fields(member, {"role"})
    member.save(update_fields=["role"])
    record_audit(action="member.role_changed", actor=actor, subject=member, data=_named(member, role=[before, role]))
    return member


@transaction.atomic
def remove_member(*, member: Membership, actor: Membership) -> None:
    """End a membership. Raises PermissionDenied, LastOwner, and Gone if the member has left meanwhile."""
    lock_account()
    authorize(actor, "member.manage")
    member = _reread(member)
    _require_power_over(member, actor)
    end_membership(member, actor)
    action = "member.left" if member.pk == actor.pk else "member.removed"
    record_audit(action=action, actor=actor, subject=member, data=_named(member, role=member.role))


@transaction.atomic
def leave_account(*, actor: Membership) -> None:
    """End the membership of `actor`. Raises LastOwner, and PermissionDenied for a member who was removed meanwhile."""
    lock_account()
    authorize(actor, "member.leave")
    end_membership(actor, actor)
    record_audit(action="member.left", actor=actor, subject=actor, data=_named(actor, role=actor.role))


@transaction.atomic
def transfer_account(*, member: Membership, actor: Membership) -> Account:
    """Make another member the owner in place of `actor`, who becomes an admin, and return the account.

    Raises PermissionDenied, AlreadyOwner, and Gone if the member has left meanwhile.
    """
    account = lock_account()
    authorize(actor, "account.transfer")
    member = _reread(member)
    if member.role == Role.OWNER:
        raise AlreadyOwner(_("%(name)s already owns this account.") % {"name": member.user})
    before, member.role, actor.role = member.role, Role.OWNER, Role.ADMIN
    member.save(update_fields=["role"])
    actor.save(update_fields=["role"])
    record_audit(action="account.transferred", actor=actor, subject=account, data=_named(member, was=before))
    return account


def take_in(*, user: User, role: str) -> Membership:
    """Make a user a member, in a transaction that has locked the account and checked the quota.

    A former member gets their old membership back, since their work refers to it, but none of its credentials, and
    none of the rows that end with it: call `delete_ended_rows()` first. Raises AlreadyMember, StillEnding.
    """
    member = Membership.objects.filter(user=user).first()
    if member is None:
        return Membership.objects.create(user=user, role=role)
    if member.ended_at is None:
        raise AlreadyMember(_("You are already a member of this account."))
    _revoke_credentials(member)  # again: a concurrent request may have added some after the end
    if any(rows.exists() for rows in _ending_rows(member)):
        raise StillEnding(_("Your earlier membership is still being ended. Try again."))
    member.role, member.ended_at, member.readmitted_at = role, None, timezone.now()
    member.save(update_fields=["role", "ended_at", "readmitted_at"])
    return member


@atomic
def delete_ended_rows(*, user_id: UUID) -> None:
    """Delete the content that ends with a membership, if that of the user in the active account has ended.

    The rows of models that set `ends_with_membership = <foreign key>`. They can be in another database than the
    membership, so this is a transaction of its own, which can be repeated. It holds the membership: a concurrent
    readmission waits for it.
    """
    former = Membership.objects.filter(user_id=user_id).exclude(ended_at=None)
    for member in locked_in_share(former):
        for rows in _ending_rows(member):
            rows.delete()


def delete_ended_rows_of_all() -> None:
    """Do so for all former members: their job may have been dropped, as those of a suspended account are."""
    ended = dict(Membership.objects.exclude(ended_at=None).values_list("pk", "user_id"))
    left: set[UUID] = set()
    for model, name in _models_that_end():
        rows = model._default_manager.filter(**{f"{name}__in": ended})
        left |= set(rows.values_list(f"{name}_id", flat=True))
    for member_id in sorted(left):
        delete_ended_rows(user_id=ended[member_id])


def _models_that_end() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        if name := getattr(model, "ends_with_membership", None):
            yield model, name


def _ending_rows(member: Membership) -> Iterator[QuerySet[Any]]:
    for model, name in _models_that_end():
        yield model._default_manager.filter(**{name: member})


def _revoke_credentials(member: Membership) -> None:
    now = timezone.now()
    RefreshFamily.objects.filter(member=member, revoked_at=None).update(revoked_at=now)
    ApiToken.objects.filter(member=member, revoked_at=None).update(revoked_at=now)


def refuse_owner_role(role: str) -> None:
    """Raise ValidationError for the role of owner, which is given only by `transfer_account()`."""
    if role == Role.OWNER:
        raise ValidationError({"role": _("A member becomes an owner only when an owner transfers the account.")})


def end_membership(member: Membership, actor: Membership) -> None:
    """End a membership in a transaction that has locked the account, with `actor` in the audit log. Raises LastOwner.

    The credentials are revoked, and so are the open invitations that the member has made, and one that was sent to
    their own address. A job deletes the content that ends with the membership.
    """
    _require_another_owner(member)
    _revoke_invitations(Q(invited_by=member) | Q(email=member.user.email), actor)
    member.ended_at = timezone.now()
    member.save(update_fields=["ended_at"])
    _revoke_credentials(member)
    enqueue("accounts.delete_ended_rows", user_id=str(member.user_id))


def _revoke_invitations(which: Q, actor: Membership) -> None:
    for row in Invitation.objects.open().filter(which).order_by("pk"):
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        data = {"email": row.email, "role": row.role}
        record_audit(action="invitation.revoked", actor=actor, subject=row, data=data)


def _require_another_owner(member: Membership) -> None:
    owners = Membership.objects.current().filter(role=Role.OWNER)
    if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOwner(_("An account needs an owner. Transfer it to another member first."))


def _require_power_over(member: Membership, actor: Membership) -> None:
    if member.role == Role.OWNER and actor.role != Role.OWNER:
        raise PermissionDenied(_("Only an owner can remove owners or change their roles."))


def _reread(member: Membership) -> Membership:
    return get_or_gone(Membership.objects.current().prefetch_related("user"), member.pk)


def _named(member: Membership, **data: Any) -> dict[str, Any]:
    """Return how an entry of the audit log names a member: it must be readable after they have left."""
    return {"member": str(member.pk), "email": member.user.email, **data}

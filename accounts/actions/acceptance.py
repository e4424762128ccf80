"""Accepting an invitation, by a known user or by a new one. The page of the link and the API call these."""

from collections.abc import Callable

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.invitations import find_invitation
from accounts.actions.locks import lock_account, lock_person_with
from accounts.actions.members import delete_ended_rows, take_in
from accounts.audit import record_audit
from accounts.exceptions import Conflicting, Gone, WrongPassword
from accounts.models import Invitation, Membership, User
from accounts.quotas import require_room
from accounts.validation import validate_fields
from tenancy.context import no_tenant


class KnownPerson(Conflicting):
    """A confirmed user with a password has this address, and has to log in; nothing was changed."""


def accept_with_password(
    *, token: str, password: str, name: str = "", authenticate: Callable[[str, str], User | None]
) -> Membership:
    """Accept an invitation of the active account with a password: a known user's own, or a new user's choice.

    `authenticate` returns the user of an e-mail address and a password, or None. It counts failed attempts towards
    the limit of the log-in page and raises TooManyAttempts. Raises also Gone, WrongPassword, and what
    `accept_invitation()` and `accept_as_new_person()` raise.
    """
    invitation = find_invitation(token)
    if find_person(invitation) is None:
        if not name.strip():
            raise ValidationError({"name": [_("This field is required.")]})
        return accept_as_new_person(token=token, name=name, password=password)
    with no_tenant():  # in the account itself only its members are authenticated
        user = authenticate(invitation.email, password)
    if user is None or not user.is_active:
        raise WrongPassword
    return accept_invitation(token=token, user=user)


def find_person(invitation: Invitation) -> User | None:
    """Return the invited user, if they have a password and a confirmed address.

    A user who signed up with that address without confirming it does not count: the link in the mail confirms it.
    """
    user = User.objects.filter(email=invitation.email).first()
    return user if user is not None and user.has_usable_password() and user.is_confirmed else None


def accept_invitation(*, token: str, user: User) -> Membership:
    """Make `user` a member, who is authenticated and whose address was invited.

    Raises Gone for another user, for a link that is not valid, and when the password was changed or all log-ins were
    ended since; AlreadyMember, QuotaExceeded, StillEnding.
    """
    delete_ended_rows(user_id=user.pk)
    return _accept_invitation(token, user)


@transaction.atomic
def _accept_invitation(token: str, user: User) -> Membership:
    invitation, invited = _lock(token)
    if invited is None or invited != user or invited.log_in_stamp != user.log_in_stamp:
        raise Gone
    return _accept(invitation, invited)


def accept_as_new_person(*, token: str, name: str, password: str) -> Membership:
    """Make a new user with this name and password a member.

    Raises Gone for a link that is not valid, ValidationError, KnownPerson, QuotaExceeded, StillEnding.
    """
    for known in User.objects.filter(email=find_invitation(token).email):
        delete_ended_rows(user_id=known.pk)
    return _accept_as_new_person(token, name, password)


@transaction.atomic
def _accept_as_new_person(token: str, name: str, password: str) -> Membership:
    invitation, invited = _lock(token)
    if invited is not None and not invited.is_active:
        raise Gone
    if find_person(invitation) is not None:
        raise KnownPerson(_("Another user changed this at the same time. Try again."))
    # A user without a password never set one: the link proves as much as the mail for setting it.
    # A user with an unconfirmed address may not own it: their password is replaced.
    user = invited or User(email=invitation.email)
    user.name = name
    validate_fields(user, {"name"})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    user.save()
    return _accept(invitation, user)


def _lock(token: str) -> tuple[Invitation, User | None]:
    """Return the invitation, with its account locked, and the user with its address, locked first. Raises Gone."""
    invited = lock_person_with(find_invitation(token).email)
    lock_account()
    return find_invitation(token), invited


def _accept(invitation: Invitation, user: User) -> Membership:
    require_room("members", Membership.objects.current())
    member = take_in(user=user, role=invitation.role)
    member.user = user
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    data = {"email": user.email, "role": member.role, "invitation": str(invitation.pk)}
    record_audit(action="member.joined", actor=member, subject=member, data=data)
    return member

"""How somebody with an invitation proves who they are, on the page of the link and in the API."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actions.invitations import accept_as_new_person, accept_invitation, find_invitation, find_person
from accounts.exceptions import WrongPassword
from accounts.models import Membership, User
from tenancy.context import no_tenant


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

"""How somebody with an invitation proves who they are, on the page of the link and in the API."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import Throttled

from accounts.actions.invitations import accept_as_new_person, accept_invitation, find_invitation, find_person
from accounts.models import Membership
from accounts.rest.errors import InvalidCredentials
from tenancy.context import no_tenant


def accept_with_password(request: HttpRequest, *, token: str, password: str, name: str = "") -> Membership:
    """Accept an invitation of the active account for whoever has the link and a password, theirs or a new one.

    A wrong one counts towards the limit of the log-in page. Raises Http404, InvalidCredentials, Throttled, and what
    the actions raise.
    """
    invitation = find_invitation(token)
    if find_person(invitation) is None:
        if not name.strip():
            raise ValidationError({"name": [_("This field is required.")]})
        return accept_as_new_person(token=token, name=name, password=password)
    adapter = get_adapter(request)
    try:
        with no_tenant():  # in which only members are let in
            user = adapter.authenticate(request, email=invitation.email, password=password)
    except ValidationError as error:
        raise Throttled(adapter.seconds_to_wait(request, invitation.email)) from error
    if user is None or not user.is_active:
        raise InvalidCredentials
    return accept_invitation(token=token, user=user)

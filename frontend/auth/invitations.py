"""The page that the link of an invitation opens."""

from functools import partial

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.acceptance import accept_with_password, find_person
from accounts.actions.invitations import find_invitation
from accounts.exceptions import TooManyAttempts, WrongPassword
from accounts.models import Membership
from frontend.auth.forms import AcceptInvitation
from frontend.shared.access import VisitorRequest
from frontend.shared.forms import refuse


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def accept(request: VisitorRequest, token: str) -> HttpResponse:
    """Show the invitation. POST accepts it with a password. Raises Gone for an invalid link."""
    invitation = find_invitation(token)
    is_new = find_person(invitation) is None
    form = AcceptInvitation(request.POST if request.method == "POST" else None, is_new=is_new)
    if form.is_valid():
        member = _accept(request, token, form)
        if member is not None:
            # Other users log in on the log-in page, which may require a second factor.
            if is_new:
                get_adapter(request).login(request, member.user)
            return redirect("home")
    status = 400 if request.method == "POST" else 200
    return render(request, "auth/accept_invitation.html", {"invitation": invitation, "form": form}, status=status)


def _accept(request: VisitorRequest, token: str, form: AcceptInvitation) -> Membership | None:
    """Return the new member, or None and add the reason to the form."""
    try:
        check = partial(get_adapter(request).check_password, request)
        return accept_with_password(token=token, **form.cleaned_data, authenticate=check)
    except ValidationError as error:
        refuse(form, error)
    except WrongPassword:
        form.add_error("password", _("This is not the password that belongs to the address."))
    except TooManyAttempts:
        form.add_error(None, _("There were too many attempts. Try again later."))
    return None

"""The page that the link of an invitation opens."""

from functools import partial

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.acceptance import accept_with_password, find_person
from accounts.actions.invitations import find_invitation
from accounts.exceptions import WrongPassword
from accounts.models import Invitation
from frontend.auth.forms import AcceptInvitation
from frontend.shared.access import VisitorRequest
from frontend.shared.forms import posted, submit


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def accept(request: VisitorRequest, token: str) -> HttpResponse:
    """Show the invitation. POST accepts it with a password. Raises Gone for an invalid link."""
    invitation = find_invitation(token)
    is_new = find_person(invitation) is None
    form = AcceptInvitation(posted(request), is_new=is_new)
    check = partial(get_adapter(request).check_password, request)
    try:
        sent = submit(form, accept_with_password, token=token, authenticate=check)
    except WrongPassword:
        form.add_error("password", _("This is not the password of this address."))
        return _page(request, invitation, form)
    if not sent.is_done:
        return _page(request, invitation, form)
    # Other users log in on the log-in page, which may require a second factor.
    if is_new:
        get_adapter(request).login(request, sent.result.user)
    return redirect("home")


def _page(request: VisitorRequest, invitation: Invitation, form: AcceptInvitation) -> HttpResponse:
    status = 400 if form.is_bound else 200
    return render(request, "auth/accept_invitation.html", {"invitation": invitation, "form": form}, status=status)

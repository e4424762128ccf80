"""Pictures that are shown on pages: logos to everybody on the account's host, members to each other."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.actions.pictures import avatar_file, logo_file
from accounts.models import Account, Membership
from accounts.rest.downloads import show_picture
from frontend.shared.access import MemberRequest, VisitorRequest


@login_not_required  # the page to log in has it
@require_safe
def logo(request: VisitorRequest, picture: str) -> HttpResponse:
    """The logo of the account, which is in the address: another one has another address."""
    if not Account.objects.filter(pk=request.tenant.pk, logo=picture).exists():
        raise Http404
    return show_picture(logo_file(picture))


@require_safe
def avatar(request: MemberRequest, picture: str) -> HttpResponse:
    """The picture of a member."""
    if not Membership.objects.filter(avatar=picture).exists():
        raise Http404
    return show_picture(avatar_file(picture))

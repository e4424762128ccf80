"""The logo of the account and the picture of a member: the files themselves, and the forms that replace them."""

from collections.abc import Callable

import structlog
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import pictures
from accounts.exceptions import FileTooLarge
from accounts.files.images import TooManyImages
from accounts.files.names import avatar_file, logo_file
from accounts.models import Account, Membership
from accounts.permissions import may, require
from accounts.rest.downloads import show_picture
from accounts.rest.uploads import room, streams_body
from frontend.shared.access import MemberRequest, VisitorRequest
from frontend.shared.uploads import receive_small_file

logger = structlog.get_logger("frontend.pictures")


@login_not_required  # shown on the log-in page
@require_safe
def logo(request: VisitorRequest, picture: str) -> HttpResponse:
    """The logo of the account. Its URL changes with the picture, so clients can cache it."""
    if not Account.objects.filter(pk=request.tenant.pk, logo=picture).exists():
        raise Http404
    return show_picture(logo_file(picture))


@require_safe
def avatar(request: MemberRequest, picture: str) -> HttpResponse:
    """The picture of a member."""
    if not Membership.objects.filter(avatar=picture).exists():
        raise Http404
    return show_picture(avatar_file(picture))


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """Both pictures and their forms."""
    return _page(request)


@streams_body
@csrf_exempt  # frontend.shared.uploads checks the token, which is in the body
@require_POST
def set_logo(request: MemberRequest) -> HttpResponse:
    """Set the logo of the account."""
    require(request.membership, "account.update")
    account, actor = request.tenant, request.membership
    return _take(request, lambda content: pictures.set_logo(account=account, actor=actor, content=content))


@streams_body
@csrf_exempt  # as above
@require_POST
def set_avatar(request: MemberRequest) -> HttpResponse:
    """Set the picture that members of this account see for the user."""
    return _take(request, lambda content: pictures.set_avatar(actor=request.membership, content=content))


@require_POST
def remove_logo(request: MemberRequest) -> HttpResponse:
    """Remove the logo."""
    pictures.remove_logo(account=request.tenant, actor=request.membership)
    messages.success(request, _("The logo was removed."))
    return redirect("pictures")


@require_POST
def remove_avatar(request: MemberRequest) -> HttpResponse:
    """Remove the picture of the user."""
    pictures.remove_avatar(actor=request.membership)
    messages.success(request, _("Your picture was removed."))
    return redirect("pictures")


def _take(request: MemberRequest, keep: Callable[[bytes], None]) -> HttpResponse:
    try:
        with room.keep(request.tenant.pk) as kept:
            keep(receive_small_file(request, kept, most=pictures.LARGEST))
    except TooManyImages as refused:
        logger.warning("too_many_images", reason=str(refused))
        text = _("Other pictures are being processed. Try again in a few seconds.")
        response = _page(request, text, status=503)
        response["Retry-After"] = "5"
        return response
    except FileTooLarge as refused:
        return _page(request, str(refused), status=413)
    except ValidationError as refused:
        return _page(request, " ".join(refused.messages), status=400)
    messages.success(request, _("The picture was saved."))
    return redirect("pictures")


def _page(request: MemberRequest, error: str = "", status: int = 200) -> HttpResponse:
    if error:
        messages.error(request, error)
    context = {"changes_logo": may(request.membership, "account.update"), "most": pictures.LARGEST // 2**20}
    return render(request, "account_settings/pictures.html", context, status=status)

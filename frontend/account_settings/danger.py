"""Actions of the owner: export, transfer and delete the account."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.account_deletion import delete_account, restore_account
from accounts.actions.exports import request_export
from accounts.exports.archive import ACCOUNT
from accounts.models import Account
from accounts.permissions import require
from frontend.account_settings.forms import TypeName
from frontend.shared.access import MemberRequest
from frontend.shared.exports import exports_of
from frontend.shared.forms import errors_in_words, posted, submit


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """The page with these actions. POST schedules the deletion of the account, which can be cancelled for a time."""
    require(request.membership, "account.delete")
    form = _form(request, bound=request.method == "POST")
    sent = submit(form, delete_account, actor=request.membership)
    return redirect("danger") if sent.is_done else _page(request, form, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: MemberRequest) -> HttpResponse:
    """The exports of the account and their progress. POST requests another export."""
    require(request.membership, "account.export")
    if request.method != "POST" and request.htmx:
        return render(request, "shared/components/exports.html", _exports(request))
    form = Form(posted(request))
    sent = submit(form, request_export, actor=request.membership, format="zip")
    if sent.is_done:
        return redirect("danger")
    return _page(request, _form(request, bound=False), error=errors_in_words(form), status=sent.status)


def _form(request: MemberRequest, *, bound: bool) -> TypeName:
    name = request.tenant.name
    label = _("Type the name of the account, “%(name)s”, to confirm") % {"name": name}
    return TypeName(request.POST if bound else None, expected=name, label=label)


def _page(request: MemberRequest, form: TypeName, *, error: str = "", status: int) -> HttpResponse:
    context = {"form": form, "days": Account.DELETION_GRACE.days, "error": error, **_exports(request)}
    return render(request, "account_settings/danger.html", context, status=status)


def _exports(request: MemberRequest) -> dict[str, Any]:
    return exports_of(request.membership, reverse("export_account"), kind=ACCOUNT)


@require_http_methods(["GET", "HEAD", "POST"])
def closing(request: MemberRequest) -> HttpResponse:
    """The page of an account that is scheduled for deletion. POST cancels the deletion."""
    require(request.membership, "account.delete")
    form = Form(posted(request))
    sent = submit(form, restore_account, actor=request.membership)
    if sent.is_done:
        messages.success(request, _("The deletion was canceled. Nothing has changed."))
        return redirect("danger")
    since = request.tenant.deleting_since
    context = {"day": since + Account.DELETION_GRACE if since else None, "error": errors_in_words(form)}
    return render(request, "account_settings/closing.html", context, status=sent.status)

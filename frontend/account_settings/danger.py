"""What only an owner may do: take everything along, give the account away, delete it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.account_deletion import GRACE, NotDeleting, delete_account, restore_account
from accounts.permissions import require
from frontend.account_settings.forms import TypeName
from frontend.project_settings.exports import SHOWN
from frontend.shared.access import MemberRequest
from frontend.shared.forms import refuse
from tasks.actions import TooManyExports, request_export
from tasks.models import Export, ExportFormat


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """Offer it; POST deletes the account, which can be called off for a while."""
    require(request.membership, "account.delete")
    form = _form(request, bound=request.method == "POST")
    if form.is_valid():
        try:
            delete_account(actor=request.membership, **form.cleaned_data)
            return redirect("danger")
        except ValidationError as error:
            refuse(form, error)
    return _page(request, form, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: MemberRequest) -> HttpResponse:
    """How far the exports of the account are; POST asks for another."""
    require(request.membership, "account.export")
    error = ""
    if request.method == "POST":
        try:
            request_export(actor=request.membership, format=ExportFormat.ZIP)
            return redirect("danger")
        except TooManyExports as refused:
            error = str(refused)
    elif request.htmx:
        return render(request, "shared/components/exports.html", _exports(request))
    return _page(request, _form(request, bound=False), error=error, status=409 if error else 200)


def _form(request: MemberRequest, *, bound: bool) -> TypeName:
    name = request.tenant.name
    label = _("Type the name of the account, “%(name)s”, to confirm") % {"name": name}
    return TypeName(request.POST if bound else None, expected=name, label=label)


def _page(request: MemberRequest, form: TypeName, *, error: str = "", status: int) -> HttpResponse:
    context = {"form": form, "days": GRACE.days, "error": error, **_exports(request)}
    return render(request, "account_settings/danger.html", context, status=status)


def _exports(request: MemberRequest) -> dict[str, Any]:
    exports = list(Export.objects.visible_to(request.membership).filter(format=ExportFormat.ZIP)[:SHOWN])
    unfinished = any(export.is_unfinished for export in exports)
    return {"exports": exports, "unfinished": unfinished, "exports_url": reverse("export_account")}


@require_http_methods(["GET", "HEAD", "POST"])
def closing(request: MemberRequest) -> HttpResponse:
    """The same page while the account waits for being deleted: POST calls it off."""
    require(request.membership, "account.delete")
    error = ""
    if request.method == "POST":
        try:
            restore_account(actor=request.membership)
        except NotDeleting as refused:
            error = str(refused)
        else:
            messages.success(request, _("The account is not deleted. Everything is as it was."))
            return redirect("danger")
    since = request.tenant.deleting_since
    context = {"day": since + GRACE if since else None, "error": error}
    return render(request, "account_settings/closing.html", context, status=409 if error else 200)

"""What cannot be taken back, for the owner: giving the account away, and deleting it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.closing import GRACE, NotDeleting, delete_account, restore_account
from accounts.permissions import require
from frontend.access import MemberRequest
from frontend.forms import refuse
from frontend.views.settings.forms import TypeName


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """Offer it; POST deletes the account, which can be called off for a while."""
    require(request.membership, "account.delete")
    name = request.tenant.name
    label = _("Type the name of the account, “%(name)s”, to confirm") % {"name": name}
    form = TypeName(request.POST if request.method == "POST" else None, expected=name, label=label)
    if form.is_valid():
        try:
            delete_account(actor=request.membership, **form.cleaned_data)
            return redirect("danger")
        except ValidationError as error:
            refuse(form, error)
    context = {"form": form, "days": GRACE.days}
    return render(request, "settings/danger.html", context, status=400 if form.is_bound else 200)


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
    return render(request, "settings/closing.html", context, status=409 if error else 200)

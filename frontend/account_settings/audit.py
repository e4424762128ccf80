"""The audit log of the account, for owners and admins."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.audit import record_drafts
from accounts.exports import audit_log
from accounts.models import AuditEntry, Membership
from accounts.permissions import require
from frontend.shared.access import MemberRequest
from frontend.shared.pages import page_of
from tenancy.clock import current_zone
from tenancy.fields import NormalizedText

PAGE_SIZE = 50


class Filters(forms.Form):
    action = NormalizedText(label=_("Action"), required=False, max_length=50)
    actor = forms.ModelChoiceField(
        label=_("Member"), queryset=Membership.objects.none(), required=False, empty_label=_("All members")
    )
    since = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["actor"]
        people.queryset = Membership.objects.prefetch_related("user").order_by("joined_at", "id")
        people.label_from_instance = lambda member: member.user.email
        self.fields["action"].widget.attrs["list"] = "actions"

    def choose(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Return the `entries` that match the filters. Days begin at midnight in the user's time zone."""
        if not self.is_valid():
            return entries.none()
        wanted = self.cleaned_data
        if wanted["action"]:
            entries = entries.filter(action=wanted["action"])
        if wanted["actor"]:
            entries = entries.filter(actor=wanted["actor"])
        if wanted["since"]:
            entries = entries.filter(created_at__gte=datetime.combine(wanted["since"], time.min, current_zone()))
        return entries


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The audit log, newest first. Raises PermissionDenied, Http404 for a page that does not exist."""
    return _page(request)


def _page(request: MemberRequest, refused: str = "") -> HttpResponse:
    form, entries = _filtered(request)
    page = page_of(request, entries.order_by("-created_at", "-id"), PAGE_SIZE)
    query = request.GET.copy()
    query.pop("page", None)
    query.pop("format", None)
    context = {"page": page, "form": form, "query": query.urlencode(), "actions": ACTIONS, "error": refused}
    context["rows"] = [(entry, ACTIONS.get(entry.action, entry.action), list(in_words(entry.data))) for entry in page]
    return render(
        request, "account_settings/audit.html", context, status=200 if form.is_valid() and not refused else 400
    )


@require_safe
def export(request: MemberRequest) -> HttpResponseBase:
    """The matching entries of all pages as a file. Raises PermissionDenied."""
    form, entries = _filtered(request)
    if not form.is_valid():
        return index(request)
    try:
        return audit_log.as_file(entries, request.GET.get("format", "csv"))
    except ValidationError as refused:
        return _page(request, " ".join(refused.messages))


def _filtered(request: MemberRequest) -> tuple[Filters, QuerySet[AuditEntry]]:
    require(request.membership, "audit.read")
    form = Filters(request.GET)
    record_drafts()  # so that the log has all that was committed before
    return form, form.choose(AuditEntry.objects.visible_to(request.membership))


def in_words(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the names and values in the data of an entry. A change is shown as "before → after"."""
    for name, value in data.items():
        if isinstance(value, list) and len(value) == 2:
            yield name, " → ".join("–" if each is None else str(each) for each in value)
        else:
            yield name, str(value)


# The actions that a filter offers, in words. docs/audit.md lists them with their data.
ACTIONS = {
    "account.created": _("Account created"),
    "account.updated": _("Account settings changed"),
    "account.logo_changed": _("Logo changed"),
    "account.transferred": _("Ownership transferred"),
    "account.deletion_requested": _("Account deletion requested"),
    "account.restored": _("Account deletion canceled"),
    "account.exported": _("Account exported"),
    "member.joined": _("Member joined"),
    "member.role_changed": _("Role changed"),
    "member.left": _("Member left"),
    "member.removed": _("Member removed"),
    "member.logged_in": _("Logged in"),
    "member.log_in_refused": _("Login refused"),
    "invitation.created": _("Invitation sent"),
    "invitation.resent": _("Invitation resent"),
    "invitation.revoked": _("Invitation revoked"),
    "project.created": _("Project created"),
    "project.privacy_changed": _("Project privacy changed"),
    "project.publicity_changed": _("Project publicity changed"),
    "project.archived": _("Project archived"),
    "project.restored": _("Project restored"),
    "project.deleted": _("Project deleted"),
    "project.member_added": _("Project member added"),
    "project.member_removed": _("Project member removed"),
    "token.created": _("Personal access token created"),
    "token.revoked": _("Personal access token revoked"),
}

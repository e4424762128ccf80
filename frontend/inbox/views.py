"""The inbox: notifications of the member, and the choice of notification emails."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.actions.accounts import choose_mails
from accounts.actions.notifications import mark_all_read, mark_read
from accounts.emails.notification_emails import in_words
from accounts.extensions import Shown, notification_kinds
from accounts.models import Membership, Notification
from accounts.models.subjects import with_subjects
from frontend.shared.access import MemberRequest
from tenancy.clock import local_date

PAGE_SIZE = 25
UNREAD = "unread"  # ?show=unread


# Lines do not break at the hyphen of a key such as WEB-42.
KEY = re.compile(r"[^\W\d_]\w{0,11}-\d+")


@dataclass(frozen=True)
class Row:
    """A notification with what the page shows of it."""

    notification: Notification
    words: SafeString
    shown: Shown
    url: str


@dataclass(frozen=True)
class Day:
    """The notifications of one day, newest first."""

    date: date
    rows: list[Row]


class MailChoices(forms.Form):
    """The choice of emails. The fields are those of the membership."""

    mail_notifications = forms.BooleanField(
        label=gettext_lazy("Each notification"),
        required=False,
        help_text=gettext_lazy("Immediately, in addition to this inbox."),
    )
    mail_digest = forms.BooleanField(
        label=gettext_lazy("A daily digest"),
        required=False,
        help_text=gettext_lazy("In the morning: your open tasks by due date, and new notifications."),
    )


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The member's notifications, newest first. Raises Http404 for a page that does not exist."""
    shown = _shown(request)
    if request.htmx.target == "inbox":
        answer = render(request, "inbox/parts.html", shown)
    else:
        choices = {name: getattr(request.membership, name) for name in MailChoices.base_fields}
        answer = render(request, "inbox/page.html", {**shown, "form": MailChoices(initial=choices)})
    patch_vary_headers(answer, ["HX-Target"])
    return answer


@require_POST
def read(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark one notification as read."""
    notification = get_object_or_404(Notification.objects.visible_to(request.membership), pk=pk)
    mark_read(notification=notification, actor=request.membership)
    return _answer(request)


@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    """Mark all notifications as read."""
    mark_all_read(actor=request.membership)
    return _answer(request)


@require_POST
def mails(request: MemberRequest) -> HttpResponse:
    """Set which emails the member gets."""
    form = MailChoices(request.POST)
    if form.is_valid():  # browsers do not send unchecked boxes
        choose_mails(actor=request.membership, **form.cleaned_data)
        messages.success(request, _("Your email settings were saved."))
    return redirect(reverse("inbox") + "#mails")


def _answer(request: MemberRequest) -> HttpResponse:
    """Redirect to the list, or respond with the list alone to htmx."""
    if request.htmx.target == "inbox":
        return render(request, "inbox/parts.html", _shown(request))
    return redirect(reverse("inbox") + _query(request))


def _query(request: MemberRequest) -> str:
    return f"?show={UNREAD}" if request.GET.get("show") == UNREAD else ""


def _shown(request: MemberRequest) -> dict[str, Any]:
    mine = Notification.objects.visible_to(request.membership)
    only_unread = bool(_query(request))
    rows = mine.unread() if only_unread else mine
    pages = Paginator(rows.prefetch_related("actor__user").order_by("-created_at", "-id"), PAGE_SIZE)
    try:
        # The last notification of the page may have been marked as read by this request.
        page = pages.get_page(request.GET.get("page")) if request.method == "POST" else _page(request, pages)
    except InvalidPage as error:
        raise Http404 from error
    return {
        "page": page,
        "days": by_day(page, request.membership),
        "unread": mine.unread().count(),
        "only_unread": only_unread,
        "query": _query(request),
    }


def _page(request: MemberRequest, pages: "Paginator[Notification]") -> Any:
    return pages.page(request.GET.get("page", "1"))


def by_day(notifications: Iterable[Notification], member: Membership) -> list[Day]:
    """Return the sorted `notifications` in groups by day, in the user's time zone."""
    rows = with_subjects(notifications, member, notification_kinds)
    groups = groupby(rows, key=lambda each: local_date(each.created_at))
    return [Day(day, [_row(each) for each in group]) for day, group in groups]


def _row(notification: Notification) -> Row:
    shown = notification_kinds[notification.kind].shown(notification.subject)
    url = reverse(shown.page, args=shown.page_args)
    return Row(notification, _with_unbroken_keys(in_words(notification)), shown, url)


def _with_unbroken_keys(words: str) -> SafeString:
    parts, end = [], 0
    for match in KEY.finditer(words):
        parts += [(words[end : match.start()],), (format_html('<span class="unbroken">{}</span>', match[0]),)]
        end = match.end()
    return format_html_join("", "{}", [*parts, (words[end:],)])

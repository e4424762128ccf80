"""What the member is told about, and by which mails."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import choose_mails
from frontend.access import MemberRequest
from frontend.forms import MailChoices
from tasks.actions import mark_all_read, mark_read
from tasks.models import Notification

PAGE_SIZE = 25


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The member's notifications, newest first. Raises Http404 for a page that there is not."""
    mine = Notification.objects.visible_to(request.membership)
    rows = mine.select_related("task__project", "actor").prefetch_related("actor__user")
    try:
        page = Paginator(rows.order_by("-created_at", "-id"), PAGE_SIZE).page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404 from error
    choices = {name: getattr(request.membership, name) for name in MailChoices.base_fields}
    context = {"page": page, "unread": mine.unread().exists(), "form": MailChoices(initial=choices)}
    return render(request, "inbox/index.html", context)


@require_POST
def read(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark one notification as read."""
    notification = get_object_or_404(Notification.objects.visible_to(request.membership), pk=pk)
    mark_read(notification=notification, actor=request.membership)
    return redirect("inbox")


@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    """Mark all of them as read."""
    mark_all_read(actor=request.membership)
    return redirect("inbox")


@require_POST
def mails(request: MemberRequest) -> HttpResponse:
    """Choose which mails to get."""
    form = MailChoices(request.POST)
    if form.is_valid():  # a box that is not sent is one without a tick
        choose_mails(actor=request.membership, **form.cleaned_data)
        messages.success(request, _("Your choice of mails is saved."))
    return redirect(reverse("inbox") + "#mails")

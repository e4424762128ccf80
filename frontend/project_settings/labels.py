"""The labels of the account."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import may, require
from frontend.project_settings.forms import EditLabel
from frontend.shared.access import MemberRequest
from frontend.shared.forms import posted, submit
from projects.actions.labels import create_label, delete_label, update_label
from projects.models import Label
from tasks.models import Task


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """All labels. POST creates a label."""
    if request.method == "POST":
        require(request.membership, "label.write")
    form = EditLabel(posted(request))
    sent = submit(form, create_label, actor=request.membership)
    return redirect("labels") if sent.is_done else _page(request, form, sent.status)


def _page(request: MemberRequest, form: EditLabel, status: int) -> HttpResponse:
    # Labels belong to the account. The count contains only tasks that the member may see.
    seen = Q(task_labels__task__in=Task.objects.visible_to(request.membership))
    labels = Label.objects.visible_to(request.membership).annotate(amount=Count("task_labels", filter=seen))
    can_write = may(request.membership, "label.write")
    context = {
        "labels": labels.order_by("name_key", "id"),
        "form": form if can_write else None,
        "can_write": can_write,
    }
    return render(request, "project_settings/labels.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The form for name and color of a label. POST changes them."""
    require(request.membership, "label.write")
    label = get_object_or_404(Label.objects.visible_to(request.membership), pk=pk)
    form = EditLabel(posted(request), initial={"name": label.name, "color": label.color})
    sent = submit(form, update_label, label=label, actor=request.membership)
    if sent.is_done:
        return redirect("labels")
    return render(request, "project_settings/edit_label.html", {"label": label, "form": form}, status=sent.status)


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a label and remove it from all tasks."""
    require(request.membership, "label.write")
    label = get_object_or_404(Label.objects.visible_to(request.membership), pk=pk)
    delete_label(label=label, actor=request.membership)
    messages.success(request, _("The label %(name)s was deleted.") % {"name": label.name})
    return redirect("labels")

"""The list of projects."""

from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import Color
from accounts.permissions import may, require
from frontend.shared.access import MemberRequest
from frontend.shared.forms import UNREMEMBERED, posted, submit
from projects.actions.projects import create_project
from projects.models import Project
from tenancy.fields import NormalizedText


class NewProject(forms.ModelForm):  # type: ignore[type-arg]
    key = NormalizedText(
        label=_("Key"),
        required=False,
        max_length=10,
        help_text=_("The prefix of its task keys, such as WEB in WEB-42. Leave it empty to derive it from the name."),
        widget=forms.TextInput(attrs=UNREMEMBERED),
    )
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, initial=Color.BLUE, widget=forms.RadioSelect)

    class Meta:
        model = Project
        fields = ("name", "key", "color", "private")
        labels = {"name": _("Name"), "private": _("Private")}
        help_texts = {"private": _("Only its members and the admins of the account see the project.")}
        widgets = {"name": forms.TextInput(attrs=UNREMEMBERED)}

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]).upper()

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if not fields.get("key"):
            fields.pop("key", None)  # the action generates a key
        return fields


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """All projects that the member may see. POST creates a project."""
    if request.method == "POST":
        require(request.membership, "project.create")
    form = NewProject(posted(request))
    sent = submit(form, create_project, actor=request.membership)
    return redirect("project", sent.result.key) if sent.is_done else _index(request, form, sent.status)


def _index(request: MemberRequest, form: NewProject, status: int) -> HttpResponse:
    projects = list(_with_counts(request))
    context = {
        "active": [project for project in projects if project.archived_at is None],
        "archived": [project for project in projects if project.archived_at is not None],
        "form": form if may(request.membership, "project.create") else None,
    }
    return render(request, "projects/page.html", context, status=status)


def _with_counts(request: MemberRequest) -> QuerySet[Project]:
    alive = Q(tasks__archived_at=None)
    return (
        Project.objects.visible_to(request.membership)
        .annotate(
            all_tasks=Count("tasks", filter=alive),
            open_tasks=Count("tasks", filter=alive & Q(tasks__completed_at=None)),
            done_tasks=Count("tasks", filter=alive & Q(tasks__completed_at__isnull=False)),
        )
        .order_by("key")  # explicit, because grouping drops the order of the model
    )

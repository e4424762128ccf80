"""Search for tasks by words in tasks, subtasks and comments."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from frontend.shared.access import MemberRequest
from frontend.shared.pages import page_of
from projects.models import Category, Project
from tasks.models import Task, TaskQuerySet
from tasks.queries import matches_of, validate_query
from tenancy.fields import NormalizedText

PAGE_SIZE = 20


class Search(forms.Form):
    """The search form. The filters are those of `search/` in the API."""

    q = NormalizedText(
        label=_("Words"),
        validators=[validate_query],
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "autocomplete": "off", "enterkeyhint": "search", "dir": "auto"}
        ),
    )
    project = forms.ModelChoiceField(
        label=_("Project"),
        queryset=Project.objects.none(),
        required=False,
        to_field_name="key",
        empty_label=_("All projects"),
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("Any status")), *Category.choices])
    archived = forms.ChoiceField(
        label=_("Archive"),
        required=False,
        choices=[("", _("Active tasks")), ("true", _("Archived tasks")), ("all", _("Active and archived tasks"))],
    )

    def __init__(self, *args: Any, projects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]

    def found(self, tasks: TaskQuerySet) -> TaskQuerySet:
        """Return the `tasks` that match, newest first."""
        fields = self.cleaned_data
        if fields["project"]:
            tasks = tasks.filter(project=fields["project"])
        if fields["status"]:
            tasks = tasks.filter(status__category=fields["status"])
        if fields["archived"] != "all":
            tasks = tasks.archived() if fields["archived"] else tasks.active()
        return tasks.matching_anywhere(fields["q"]).order_by("-created_at", "-id")


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The matching tasks and the places of the matches. Raises Http404 for a page that does not exist."""
    projects = Project.objects.visible_to(request.membership)
    form = Search(request.GET if "q" in request.GET else None, projects=projects)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        tasks = Task.objects.visible_to(request.membership).select_related("project", "status")
        page = page_of(request, form.found(tasks), PAGE_SIZE)
        words = form.cleaned_data["q"]
        context |= {"page": page, "words": words, "results": [(task, matches_of(task, words)) for task in page]}
    return render(request, "search/page.html", context)

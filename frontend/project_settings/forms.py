"""The forms of a project's settings, its exports, and the labels of the account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Color, Membership
from frontend.shared.forms import UNREMEMBERED
from projects.models import Category, Project, Status
from tasks.models import ExportFormat
from tenancy.fields import NormalizedLine


class EditProject(forms.ModelForm):  # type: ignore[type-arg]
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, widget=forms.RadioSelect)

    class Meta:
        model = Project
        fields = ("name", "description", "color", "private")
        labels = {"name": _("Name"), "description": _("Description"), "private": _("Private")}
        help_texts = {
            "description": _("Markdown works."),
            "private": _("Only its members and the admins of the account see it."),
        }
        widgets = {"name": forms.TextInput(attrs=UNREMEMBERED), "description": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, may_hide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_hide:  # whoever does not manage its members sends no box, which would read like one without a tick
            del self.fields["private"]

    def _post_clean(self) -> None:
        """Leave the project as it is: the action changes it, and the page shows it."""


class EditStatus(forms.Form):
    name = NormalizedLine(label=_("Name"), max_length=50, widget=forms.TextInput(attrs=UNREMEMBERED))
    category = forms.ChoiceField(label=_("Kind"), choices=Category.choices, initial=Category.DOING)


class RetireStatus(forms.Form):
    into = forms.ModelChoiceField(label=_("Move its tasks to"), queryset=Status.objects.none(), required=False)

    def __init__(self, *args: Any, status: Status, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Status.objects.filter(project=status.project_id).exclude(pk=status.pk)
        self.fields["into"].queryset = others  # type: ignore[attr-defined]


class ProjectMembers(forms.Form):
    """Somebody who is let into a private project, or taken out of it."""

    member = forms.ModelChoiceField(label=_("Member"), queryset=Membership.objects.current())


class EditLabel(forms.Form):
    name = NormalizedLine(label=_("Name"), max_length=50, widget=forms.TextInput(attrs=UNREMEMBERED))
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, initial=Color.GREY, widget=forms.RadioSelect)


class NewExport(forms.Form):
    """Sent by a button for each format."""

    format = forms.ChoiceField(choices=[each for each in ExportFormat.choices if each[0] != ExportFormat.ZIP])

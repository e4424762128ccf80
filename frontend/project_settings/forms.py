"""The forms of a project's settings, its exports, and the labels of the account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Color, Membership
from frontend.shared.forms import UNREMEMBERED
from projects.models import Category, Project, Status
from tasks.exports import ProjectExport
from tenancy.fields import NormalizedLine


class EditProject(forms.ModelForm):  # type: ignore[type-arg]
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, widget=forms.RadioSelect)

    class Meta:
        model = Project
        fields = ("name", "description", "color", "private")
        labels = {"name": _("Name"), "description": _("Description"), "private": _("Private")}
        help_texts = {
            "description": _("Markdown is supported."),
            "private": _("Only its members and the admins of the account see the project."),
        }
        widgets = {"name": forms.TextInput(attrs=UNREMEMBERED), "description": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, may_hide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_hide:  # a missing field would be read as an unchecked box
            del self.fields["private"]

    def _post_clean(self) -> None:
        """Do not change the instance: the action changes the project, and the page shows the present one."""


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
    """The member who is added to the project or removed from it."""

    member = forms.ModelChoiceField(label=_("Member"), queryset=Membership.objects.current())


class EditLabel(forms.Form):
    name = NormalizedLine(label=_("Name"), max_length=50, widget=forms.TextInput(attrs=UNREMEMBERED))
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, initial=Color.GREY, widget=forms.RadioSelect)


class NewExport(forms.Form):
    """One button for each format sends this form."""

    format = forms.ChoiceField(choices=ProjectExport.formats)

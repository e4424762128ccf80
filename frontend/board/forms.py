"""The forms of a project's tasks: creating, moving and editing them where many are shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.shared.forms import UNREMEMBERED
from projects.models import Project, Status
from tasks.models import Task


class NewTask(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Task
        fields = ("title",)
        labels = {"title": _("Title")}
        widgets = {"title": forms.TextInput(attrs=UNREMEMBERED)}

    status = forms.ModelChoiceField(queryset=Status.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].queryset = project.statuses.all()  # type: ignore[attr-defined]


class PlaceTask(forms.Form):
    """Where on the board of its project `task` goes: a step within its column, or a column, and next to what."""

    step = forms.ChoiceField(choices=[(each, each) for each in ("top", "up", "down", "end")], required=False)
    status = forms.ModelChoiceField(queryset=Status.objects.none(), required=False)
    before = forms.ModelChoiceField(queryset=Task.objects.none(), required=False)
    after = forms.ModelChoiceField(queryset=Task.objects.none(), required=False)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].queryset = task.project.statuses.all()  # type: ignore[attr-defined]
        for name in ("before", "after"):
            self.fields[name].queryset = task.project.tasks.all()  # type: ignore[attr-defined]


class EditTask(forms.ModelForm):  # type: ignore[type-arg]
    """What can be changed of a task within a list. `version` is that of the task when the form was made."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    class Meta:
        model = Task
        fields = ("title", "status", "priority", "due_date")
        labels = {"title": _("Title"), "status": _("Status"), "priority": _("Priority"), "due_date": _("Due")}
        widgets = {
            "title": forms.TextInput(attrs=UNREMEMBERED),
            "due_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    def __init__(self, data: Any = None, *, instance: Task) -> None:
        # There may be a form in each row of a list, so the fields' ids have the number of the task.
        names = f"id_%s_{instance.number}"
        super().__init__(data, instance=instance, initial={"version": instance.version}, auto_id=names)
        self.fields["status"].queryset = instance.project.statuses.all()  # type: ignore[attr-defined]
        self.fields["status"].empty_label = None  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Leave the task as it is: the action changes it, and the page may have to show it."""

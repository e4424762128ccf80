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
    """The place of `task` on the board: a step within its column, or a column and a neighbor."""

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
    """The fields of a task that the list can change. `version` is that of the task when the form was rendered."""

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
        # Several rows of a list can contain a form, so ids of fields contain the number of the task.
        names = f"id_%s_{instance.number}"
        super().__init__(data, instance=instance, initial={"version": instance.version}, auto_id=names)
        self.fields["status"].queryset = instance.project.statuses.all()  # type: ignore[attr-defined]
        self.fields["status"].empty_label = None  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Do not change the instance: the action changes the task, and the page may show the present one."""

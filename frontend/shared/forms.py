"""What people type. A form checks its fields; the actions check everything again and write."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from projects.models import Category, Color, Project, Status
from tasks.models import ExportFormat, Subtask, Task
from tenancy.fields import NormalizedLine, NormalizedText

# Browsers offer what was typed before, which helps with addresses and is in the way of new titles.
UNREMEMBERED = {"autocomplete": "off"}


class NewProject(forms.ModelForm):  # type: ignore[type-arg]
    key = NormalizedText(
        label=_("Key"),
        required=False,
        max_length=10,
        help_text=_("Begins the names of its tasks, as WEB does in WEB-42. Leave it empty to have one made."),
        widget=forms.TextInput(attrs=UNREMEMBERED),
    )
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, initial=Color.BLUE, widget=forms.RadioSelect)

    class Meta:
        model = Project
        fields = ("name", "key", "color", "private")
        labels = {"name": _("Name"), "private": _("Private")}
        help_texts = {"private": _("Only its members and the admins of the account see it.")}
        widgets = {"name": forms.TextInput(attrs=UNREMEMBERED)}

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]).upper()

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if not fields.get("key"):
            fields.pop("key", None)  # the action makes one
        return fields


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


class Step(forms.Form):
    """One place on or back, sent by a button."""

    step = forms.TypedChoiceField(choices=[("-1", _("back")), ("1", _("on"))], coerce=int)


class RetireStatus(forms.Form):
    into = forms.ModelChoiceField(label=_("Move its tasks to"), queryset=Status.objects.none(), required=False)

    def __init__(self, *args: Any, status: Status, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Status.objects.filter(project=status.project_id).exclude(pk=status.pk)
        self.fields["into"].queryset = others  # type: ignore[attr-defined]


class EditLabel(forms.Form):
    name = NormalizedLine(label=_("Name"), max_length=50, widget=forms.TextInput(attrs=UNREMEMBERED))
    color = forms.ChoiceField(label=_("Color"), choices=Color.choices, initial=Color.GREY, widget=forms.RadioSelect)


class ProjectMembers(forms.Form):
    """Somebody who is let into a private project, or taken out of it."""

    member = forms.ModelChoiceField(label=_("Member"), queryset=Membership.objects.current())


class RepeatKey(forms.Form):
    """What is deleted for good is named by whoever does it."""

    key = NormalizedText(label=_("Key of the project"), max_length=10, widget=forms.TextInput(attrs=UNREMEMBERED))

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).strip().upper()
        if key != self.project.key:
            raise ValidationError(_("This is not the key of this project."))
        return key


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

    @property
    def given(self) -> dict[str, Any]:
        """The fields with a value: without a status the action chooses one."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class MoveTask(forms.Form):
    """Another status of the project that `task` belongs to."""

    status = forms.ModelChoiceField(label=_("Status"), queryset=Status.objects.none())

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].queryset = task.project.statuses.all()  # type: ignore[attr-defined]


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


class NewSubtask(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Subtask
        fields = ("title",)
        labels = {"title": _("Title of the new subtask")}
        widgets = {"title": forms.TextInput(attrs={**UNREMEMBERED, "placeholder": _("What is to be done?")})}


class Switch(forms.Form):
    """A yes or no that is sent by a button, as `1` or `0`."""

    on = forms.TypedChoiceField(choices=[("1", _("yes")), ("0", _("no"))], coerce=lambda text: text == "1")


class AcceptInvitation(forms.Form):
    """For somebody who is new here, who also says what they are called, and for somebody who has a password."""

    name = NormalizedLine(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(label=_("Your password"), max_length=4096, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autocomplete"] = "new-password" if is_new else "current-password"
        if is_new:
            self.fields["password"].label = _("Choose a password")
        else:
            del self.fields["name"]


class MailChoices(forms.Form):
    """Which mails the member gets: the fields are those of their membership."""

    mail_notifications = forms.BooleanField(
        label=_("Each notification"), required=False, help_text=_("When it happens, beside the row in this inbox.")
    )
    mail_digest = forms.BooleanField(
        label=_("A daily summary"),
        required=False,
        help_text=_("In the morning: your open tasks by their due dates, and what you have not read."),
    )


class NewExport(forms.Form):
    """Sent by a button for each format."""

    format = forms.ChoiceField(choices=[each for each in ExportFormat.choices if each[0] != ExportFormat.ZIP])


def refuse(form: forms.BaseForm, error: ValidationError) -> None:
    """Show what an action refused at the fields that it names, and the rest above the button.

    Only the action knows some rules, and between the check of a form and the write another person may have been.
    """
    for name, texts in _texts(error).items():
        form.add_error(name if name in form.fields else None, texts)


def _texts(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}

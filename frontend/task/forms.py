"""The forms of the page of a task."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from frontend.shared.forms import UNREMEMBERED
from projects.actions.labels import create_label
from projects.models import Label, Project, Status
from tasks.actions.tasks import update_task
from tasks.checklists import Tick
from tasks.models import Comment, Priority, Subtask, Task
from tenancy.fields import NormalizedLine, NormalizedText


def fingerprint(values: Iterable[object]) -> str:
    """Return a short digest of `values`."""
    return sha256(repr([str(value) for value in values]).encode()).hexdigest()[:16]


class Markdown(NormalizedText):
    """Text without changes except for line ends, which browsers send as CR LF."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
        super().__init__(strip=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class BasedOn(forms.Form):
    """A form with optimistic locking: it sends the version of the task and a digest of the values that it showed.

    A change of other fields by another member is no conflict, although it creates a new version.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = NormalizedText(widget=forms.HiddenInput, required=False, max_length=16)
    prefix_of_ids = "task"

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{self.prefix_of_ids}_%s")
        super().__init__(*args, **kwargs)
        self.task = task
        self.initial = {**self.values_of(task), **self.initial, **self.now()}

    def values_of(self, task: Task) -> dict[str, Any]:
        """Return the values of the task that the form shows."""
        raise NotImplementedError  # subclasses return their own fields

    def now(self) -> dict[str, Any]:
        """Return the hidden fields for the present state of the task."""
        seen = fingerprint(_plain(value) for value in self.values_of(self.task).values())
        return {"version": self.task.version, "seen": seen}

    def expected_version(self) -> int:
        """Return the version to compare with: the present one if the shown values are unchanged."""
        is_same = self.cleaned_data["seen"] == self.now()["seen"]
        return self.task.version if is_same else int(self.cleaned_data["version"])

    def again(self) -> "BasedOn":
        """Return the form with the typed values, based on the present state of the task."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        for name, value in self.now().items():
            data[name] = str(value)
        form = type(self)(data, task=self.task, **self.more())
        form.is_valid()
        return form

    def more(self) -> dict[str, Any]:
        """Return further arguments of the constructor."""
        return {}

    def save(self, *, actor: Membership, **_fields: Any) -> Task:
        """Change the task. Raises StaleVersion if the shown values were changed meanwhile."""
        return update_task(task=self.task, actor=actor, version=self.expected_version(), **self.fields_of_task())

    def fields_of_task(self) -> dict[str, Any]:
        """Return the fields for the action."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "seen")}


def _plain(value: Any) -> object:
    return sorted(str(each) for each in value) if isinstance(value, list) else value


class EditText(BasedOn):
    title = NormalizedLine(
        label=_("Title"), max_length=500, widget=forms.TextInput(attrs={**UNREMEMBERED, "dir": "auto"})
    )
    description = Markdown(
        label=_("Description"),
        rows=12,
        required=False,
        max_length=50_000,
        help_text=_("Markdown: **bold**, `code`, lists, - [ ] items to tick."),
    )

    def values_of(self, task: Task) -> dict[str, Any]:
        return {"title": task.title, "description": task.description}


class StartTask(forms.Form):
    """A new task in one of `projects`."""

    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), to_field_name="key", empty_label=None
    )
    title = NormalizedLine(
        label=_("Title"), max_length=500, widget=forms.TextInput(attrs={**UNREMEMBERED, "dir": "auto"})
    )
    description = Markdown(label=_("Description"), rows=6, required=False, max_length=50_000)

    def __init__(self, *args: Any, projects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]


class Assign(BasedOn):
    """Assignees out of `people`, who see the project. Present assignees who no longer see it stay until removed."""

    assignees = forms.MultipleChoiceField(label=_("Assignees"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, people: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(member.pk): member for member in people}
        choices = [(pk, member.name) for pk, member in self.people.items()]
        for assignment in self.task.assignments.all():
            pk, member = str(assignment.member_id), assignment.member
            if pk not in self.people:
                self.people[pk] = member
                why = _("%(name)s (former member)") if member.ended_at else _("%(name)s (no access to the project)")
                choices.append((pk, why % {"name": member.name}))
        self.fields["assignees"].choices = choices  # type: ignore[attr-defined]

    def values_of(self, task: Task) -> dict[str, Any]:
        return {"assignees": [str(assignment.member_id) for assignment in task.assignments.all()]}

    def clean_assignees(self) -> list[Membership]:
        return [self.people[pk] for pk in self.cleaned_data["assignees"]]

    def more(self) -> dict[str, Any]:
        return {"people": list(self.people.values())}


class PutLabels(BasedOn):
    labels = forms.MultipleChoiceField(label=_("Labels"), required=False, widget=forms.CheckboxSelectMultiple)
    new = NormalizedLine(
        label=_("New label"), required=False, max_length=50, widget=forms.TextInput(attrs=UNREMEMBERED)
    )

    def __init__(self, *args: Any, known: list[Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(label.pk): label for label in known}
        self.fields["labels"].choices = [(pk, label.name) for pk, label in self.known.items()]  # type: ignore[attr-defined]

    def values_of(self, task: Task) -> dict[str, Any]:
        return {"labels": [str(task_label.label_id) for task_label in task.task_labels.all()]}

    def save(self, *, actor: Membership, **fields: Any) -> Task:
        """Change the labels, and create the new one unless its name exists. Raises StaleVersion, ValidationError."""
        if name := self.cleaned_data.pop("new"):
            known = next((label for label in Label.objects.all() if label.name.casefold() == name.casefold()), None)
            self.cleaned_data["labels"].append(known or create_label(actor=actor, name=name))
        return super().save(actor=actor, **fields)

    def clean_labels(self) -> list[Label]:
        return [self.known[pk] for pk in self.cleaned_data["labels"]]

    def more(self) -> dict[str, Any]:
        return {"known": list(self.known.values())}


class SetPriority(forms.Form):
    """One button for each priority sends this form."""

    priority = forms.ChoiceField(choices=Priority.choices)


class SetDueDate(forms.Form):
    due_date = forms.DateField(
        label=_("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class MoveTask(forms.Form):
    """A status of the project of `task`."""

    status = forms.ModelChoiceField(label=_("Status"), queryset=Status.objects.none())

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].queryset = task.project.statuses.all()  # type: ignore[attr-defined]


class NewSubtask(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Subtask
        fields = ("title",)
        labels = {"title": _("Title of the new subtask")}
        widgets = {"title": forms.TextInput(attrs={**UNREMEMBERED, "placeholder": _("What needs to be done?")})}


class RenameSubtask(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Subtask
        fields = ("title",)
        labels = {"title": _("Title")}
        widgets = {"title": forms.TextInput(attrs=UNREMEMBERED)}


class PlaceSubtask(forms.Form):
    """A place in the list: up or down by one, the end, or before another subtask."""

    STEPS = {"up": -1, "down": 1, "end": 1_000_000}

    to = forms.ChoiceField(choices=[(name, name) for name in STEPS], required=False)
    before = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(fields.get("to")) == bool(fields.get("before")):
            raise ValidationError(_("Choose one place."))
        return fields


class TickItem(forms.Form):
    """An item of a task list: the number of its line and its state. One button for each item sends this form."""

    item = forms.RegexField(r"\A[0-9]{1,5}:[01]\Z")
    seen = NormalizedText(max_length=16)

    def tick(self) -> Tick:
        line, _colon, done = str(self.cleaned_data["item"]).partition(":")
        return Tick(int(line), done == "1", self.cleaned_data["seen"])


class WriteComment(forms.Form):
    body = Markdown(label=_("Comment"), rows=4, max_length=Comment._meta.get_field("body").max_length)

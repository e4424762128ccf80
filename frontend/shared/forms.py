"""Forms that several pages use. A form checks its fields; the actions check everything again and write."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenancy.fields import NormalizedText

# Browsers offer what was typed before, which helps with addresses and is in the way of new titles.
UNREMEMBERED = {"autocomplete": "off"}


class Switch(forms.Form):
    """A yes or no that is sent by a button, as `1` or `0`."""

    on = forms.TypedChoiceField(choices=[("1", _("yes")), ("0", _("no"))], coerce=lambda text: text == "1")


class Step(forms.Form):
    """One place on or back, sent by a button."""

    step = forms.TypedChoiceField(choices=[("-1", _("back")), ("1", _("on"))], coerce=int)


class RepeatKey(forms.Form):
    """A deletion that cannot be undone: the user types the key of the project or the task, `expected`."""

    key = NormalizedText(max_length=30, widget=forms.TextInput(attrs=UNREMEMBERED))

    def __init__(self, *args: Any, expected: str, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["key"].label = label

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).strip().upper()
        if key != self.expected:
            raise ValidationError(_("Type %(key)s to delete it."), params={"key": self.expected})
        return key


def refuse(form: forms.BaseForm, error: ValidationError) -> None:
    """Show what an action refused at the fields that it names, and the rest above the button.

    Only the action knows some rules, and between the check of a form and the write another person may have been.
    """
    for name, texts in _texts(error).items():
        form.add_error(name if name in form.fields else None, texts)


def _texts(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}

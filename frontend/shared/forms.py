"""Forms that several pages use. A form checks its fields. The action checks them again and writes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.exceptions import Conflicting, QuotaExceeded, TooManyAttempts
from tenancy.fields import NormalizedText

# Browsers suggest earlier input, which is not useful for new titles.
UNREMEMBERED = {"autocomplete": "off"}


class Switch(forms.Form):
    """A boolean that a button sends as `1` or `0`."""

    on = forms.TypedChoiceField(choices=[("1", _("yes")), ("0", _("no"))], coerce=lambda text: text == "1")


class Step(forms.Form):
    """A move by one place, forward or back, that a button sends."""

    step = forms.TypedChoiceField(choices=[("-1", _("back")), ("1", _("on"))], coerce=int)


class RepeatKey(forms.Form):
    """A deletion that cannot be undone: the user types `expected`, such as a key."""

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


@dataclass(frozen=True)
class Submission[T]:
    """The outcome of a form: the `result` of the action, or errors in the form and the `status` to answer with."""

    is_done: bool
    status: int
    result: T


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the data for a form that a page shows and that POST sends."""
    return request.POST if request.method == "POST" else None


def submit[T](
    form: BaseForm, action: Callable[..., T], /, *, unless: tuple[type[Exception], ...] = (), **arguments: Any
) -> Submission[T]:
    """Call `action` with `arguments` and the fields of a valid form, and put what it refuses into the form.

    The status is 200 for a form that was not sent, 402 at a limit of the plan, 409 for a conflict with the present
    state, 429 after too many attempts, otherwise 400. Raises other exceptions of the action, such as PermissionDenied,
    and those named by `unless`.
    """
    if not form.is_valid():
        return _refused(400 if form.is_bound else 200)
    try:
        return Submission(True, 200, action(**arguments, **form.cleaned_data))
    except unless:
        raise
    except ValidationError as error:
        refuse(form, error)
        return _refused(402 if isinstance(error, QuotaExceeded) else 400)
    except Conflicting as error:
        form.add_error(None, str(error))
        return _refused(409)
    except TooManyAttempts as error:
        form.add_error(None, str(error) or _("Too many attempts. Try again later."))
        return _refused(429)


def _refused(status: int) -> Submission[Any]:
    return Submission(False, status, None)


def errors_in_words(form: BaseForm) -> str:
    """Return the errors of a form as one text, for pages that do not show the form again."""
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


def refuse(form: BaseForm, error: ValidationError) -> None:
    """Add the errors of an action to the fields that they name, and the others to the form as a whole.

    Some rules are known to the action alone, and data can change between the check of a form and the write.
    """
    for name, texts in _texts(error).items():
        form.add_error(name if name in form.fields else None, texts)


def _texts(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}

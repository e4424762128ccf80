"""`submit()`: a form is passed to an action, and what the action refuses is returned to the form."""

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.exceptions import Conflicting, QuotaExceeded, TooManyAttempts
from frontend.shared.forms import errors_in_words, submit


class Rename(forms.Form):
    name = forms.CharField()


def refuse_with(error):
    def action(**_fields):
        raise error

    return action


def test_valid_form_is_passed_to_the_action_with_the_arguments():
    sent = submit(Rename({"name": "Web"}), lambda **given: given, actor="alice")
    assert (sent.is_done, sent.result) == (True, {"name": "Web", "actor": "alice"})


@pytest.mark.parametrize(("data", "status"), [(None, 200), ({}, 400), ({"name": ""}, 400)])
def test_action_is_not_called_for_an_unsent_or_invalid_form(data, status):
    sent = submit(Rename(data), refuse_with(AssertionError("was called")))
    assert (sent.is_done, sent.status) == (False, status)


@pytest.mark.parametrize(
    ("error", "status", "errors"),
    [
        (ValidationError({"name": ["Too long."]}), 400, {"name": ["Too long."]}),
        (ValidationError({"slug": ["Taken."]}), 400, {"__all__": ["Taken."]}),
        (ValidationError("Not now."), 400, {"__all__": ["Not now."]}),
        (QuotaExceeded("No more projects."), 402, {"__all__": ["No more projects."]}),
        (Conflicting("It is archived."), 409, {"__all__": ["It is archived."]}),
        (TooManyAttempts(60, "Wait."), 429, {"__all__": ["Wait."]}),
        (TooManyAttempts(60), 429, {"__all__": ["Too many attempts. Try again later."]}),
    ],
)
def test_refusals_of_the_action_are_errors_of_the_form(error, status, errors):
    form = Rename({"name": "Web"})
    sent = submit(form, refuse_with(error))
    assert (sent.is_done, sent.status, form.errors) == (False, status, errors)
    assert errors_in_words(form) == next(iter(errors.values()))[0]


def test_unhandled_and_excepted_exceptions_are_raised():
    with pytest.raises(PermissionDenied):
        submit(Rename({"name": "Web"}), refuse_with(PermissionDenied()))
    form = Rename({"name": "Web"})
    with pytest.raises(Conflicting):
        submit(form, refuse_with(Conflicting("changed")), unless=(Conflicting,))
    assert not form.errors

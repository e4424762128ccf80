"""The forms of the settings of an account."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role
from accounts.validation import is_same_name
from frontend.shared.forms import UNREMEMBERED
from tenancy.fields import NormalizedLine

# The role of owner is not assigned: it is transferred.
ROLES = [(role.value, role.label) for role in Role if role is not Role.OWNER]


class Invite(forms.Form):
    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.MEMBER)


class ChooseRole(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)


class TypeName(forms.Form):
    """An action that cannot be undone: the user types the name of its object, `expected`."""

    name = NormalizedLine(
        label=_("Its name"), max_length=254, widget=forms.TextInput(attrs={**UNREMEMBERED, "dir": "auto"})
    )

    def __init__(self, *args: Any, expected: str, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["name"].label = label

    def clean_name(self) -> str:
        """Return the expected name if the typed name matches it."""
        if not is_same_name(str(self.cleaned_data["name"]), self.expected):
            raise ValidationError(_("This is not the name."))
        return self.expected


class Transfer(TypeName):
    """The new owner of an account, one of `people`."""

    member = forms.ModelChoiceField(label=_("The new owner"), queryset=Membership.objects.none())
    field_order = ("member", "name")

    def __init__(self, *args: Any, people: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["member"]
        choice.queryset = people
        choice.label_from_instance = lambda member: f"{member.name} ({member.user.email})"

"""The forms of log-in, sign-up and credentials: those of allauth with other texts and actions."""

from typing import Any

from allauth.account import forms as account
from allauth.account.internal import flows
from allauth.core import context
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.actions.password_reset import ask_for_password_link
from accounts.actions.sign_up import confirm_by_mail, sign_up
from accounts.models import User
from accounts.second_factor import TimelyCode, use_up_code
from tenancy.fields import NormalizedLine, NormalizedText

NEW_PASSWORD = _("At least 8 characters, and not a common password.")


class Plain:
    """Removes placeholders that repeat the labels, and help texts that the pages show elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field.widget, forms.PasswordInput):
                field.help_text = NEW_PASSWORD if name == "password1" else ""


class LogIn(Plain, account.LoginForm):  # type: ignore[misc]
    pass


class AskPassword(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    def clean_password(self) -> str:
        password = str(super().clean_password())
        context.request.session.cycle_key()  # as after a log-in, so that copied cookies stop working
        return password


class SignUp(Plain, account.SignupForm):  # type: ignore[misc]
    """Sign-up. A known email address gets the same response as a new one, and another mail."""

    account_name = NormalizedLine(
        label=_("Name of your account"),
        max_length=200,
        help_text=_("Your company, team or club."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = NormalizedText(
        label=_("Address"),
        required=False,
        max_length=63,
        help_text=_("The first part of the host name, such as “acme”. Leave it empty to derive it from the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ["account_name", "slug", "email", "password1"]  # read by allauth

    def validate_unique_email(self, value: str) -> str:
        return value  # the action checks it and does not disclose the result

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).strip().lower()

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        """Return the new user, or the response for a known address or an exceeded limit.

        Raises ValidationError, CacheUnavailable.
        """
        typed = self.cleaned_data
        email = typed["email"]
        usage = account.get_adapter().count_sign_up(request, email)
        if usage is None:
            return None, respond_429(request)
        try:
            user = sign_up(
                email=email, password=typed["password1"], account_name=typed["account_name"], slug=typed["slug"]
            )
        except ValidationError:
            usage.rollback()  # no mail was sent
            raise
        return user, None if user else flows.signup.prevent_enumeration(request, email=email)


class AskForLink(Plain, account.ResetPasswordForm):  # type: ignore[misc]
    """Requests a link to set a new password."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        ask_for_password_link(email=email)
        return email


class SetPassword(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """Sets the password. The link was sent to the user's email address only, so it also confirms the address."""

    def save(self) -> None:
        super().save()
        confirm_by_mail(self.user)


class ChangePassword(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    pass


class ChangeAddress(Plain, account.AddEmailForm):  # type: ignore[misc]
    pass


class AskCode(Plain, TimelyCode, codes.AuthenticateForm):  # type: ignore[misc]
    pass


class AskCodeAgain(Plain, TimelyCode, codes.ReauthenticateForm):  # type: ignore[misc]
    def save(self) -> None:
        super().save()
        context.request.session.cycle_key()


class SwitchOnApp(Plain, ActivateTOTPForm):  # type: ignore[misc]
    def clean_code(self) -> str:
        """Return the code and mark it as used, so that an observer cannot use it for a log-in."""
        code = str(super().clean_code())
        if not use_up_code(self.user, self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class DeleteUser(forms.Form):
    """Deletion of the user, confirmed with email address and password."""

    email = forms.EmailField(label=_("Your email address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        label=_("Your password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if email != self.user.email:
            raise forms.ValidationError(_("This is not your email address."))
        return email

    def clean(self) -> dict[str, Any]:
        """Check the password last, since each wrong password counts towards the limit of the log-in page."""
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not account.get_adapter().reauthenticate(self.user, fields["password"]):
            self.add_error("password", _("This is not your password."))
        return fields


class AcceptInvitation(forms.Form):
    """Acceptance of an invitation. New users enter their name and choose a password."""

    name = NormalizedLine(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(label=_("Your password"), max_length=4096, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autocomplete"] = "new-password" if is_new else "current-password"
        if is_new:
            self.fields["password"].label = _("Choose a password")
        else:
            del self.fields["name"]

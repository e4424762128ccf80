"""The pages of a user's credentials. Sign-up and links are views of allauth with other responses."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.accounts import choose_time_zone
from accounts.actions.locks import PersonGone, lock_person
from accounts.actions.log_out_everywhere import end_other_log_ins
from accounts.actions.user_deletion import delete_user
from accounts.models import User
from accounts.second_factor import is_asked_for_code
from frontend.auth.forms import DeleteUser
from frontend.shared.forms import posted, refuse, submit
from frontend.shared.time_zones import ChooseTimeZone


class SignUp(views.SignupView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        """Sign the user up, or show why the action refused: data can change between the check and the write."""
        try:
            return cast(HttpResponse, super().form_valid(form))
        except ValidationError as error:
            refuse(form, error)
            return cast(HttpResponse, self.form_invalid(form))


class SetPassword(views.PasswordResetFromKeyView):  # type: ignore[misc]
    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password. Raises Http404 if the user was deleted meanwhile."""
        try:
            form.user = self.reset_user = lock_person(form.user)
        except PersonGone as error:
            raise Http404 from error
        return cast(HttpResponse, super().form_valid(form))

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Respond with 404 to an invalid link."""
        status = 404 if context.get("token_fail") else 200
        return cast(HttpResponse, super().render_to_response(context, status=status, **kwargs))


class ConfirmAddress(views.ConfirmEmailView):  # type: ignore[misc]
    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        status = 200 if context.get("can_confirm") else 404
        return cast(HttpResponse, super().render_to_response(context, status=status, **kwargs))


def keeping_person(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a view of allauth that locks the user during POST, so that the user cannot be deleted meanwhile."""

    @wraps(view)
    def locked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not isinstance(request.user, User):
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                lock_person(request.user)
                return view(request, *args, **kwargs)
        except PersonGone:
            return redirect("account_login")

    return locked


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Links to all pages of the credentials, and the user's time zone."""
    user = cast(User, request.user)
    return _index(request, user, ChooseTimeZone(chosen=user.time_zone))


def _index(request: HttpRequest, user: User, form: ChooseTimeZone, status: int = 200) -> HttpResponse:
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    left = len(codes.wrap().get_unused_codes()) if codes else 0
    context = {"has_app": is_asked_for_code(user), "codes_left": left, "form": form}
    return render(request, "auth/page.html", context, status=status)


@require_POST
@never_cache
@keeping_person
def time_zone(request: HttpRequest) -> HttpResponse:
    """Set the time zone of the user for all accounts."""
    user = cast(User, request.user)
    form = ChooseTimeZone(request.POST, chosen=user.time_zone)
    if not form.is_valid():
        return _index(request, user, form, status=400)
    choose_time_zone(user=user, **form.cleaned_data)
    messages.success(request, _("Your time zone was saved."))
    return redirect("person")


@require_POST
@never_cache
@keeping_person
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def end_others(request: HttpRequest) -> HttpResponse:
    """Log the user out everywhere except in this session."""
    end_other_log_ins(user=cast(User, request.user), kept=request.session)
    messages.success(request, _("All other sessions were logged out."))
    return redirect("person")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the user, confirmed with the password."""
    user = cast(User, request.user)
    form = DeleteUser(posted(request), user=user)
    sent = submit(form, lambda **_fields: delete_user(user=user))
    if not sent.is_done:
        return render(request, "auth/delete.html", {"form": form}, status=sent.status)
    logout(request)
    return redirect("account_login")


sign_up, set_password, confirm_address = SignUp.as_view(), SetPassword.as_view(), ConfirmAddress.as_view()

"""Authentication pages, on every host. A user is the same on all of them."""

from allauth.account import views
from allauth.mfa.base import views as codes
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as app
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from frontend.auth import views as person

urlpatterns = [
    path("", person.index, name="person"),
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", never_cache(views.reauthenticate), name="account_reauthenticate"),
    path("email/", never_cache(person.keeping_person(views.email)), name="account_email"),
    path("confirm-email/", views.email_verification_sent, name="account_email_verification_sent"),
    path(
        "password/change/", never_cache(person.keeping_person(views.password_change)), name="account_change_password"
    ),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$",
        person.set_password,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", RedirectView.as_view(pattern_name="person"), name="mfa_index"),
    path("2fa/authenticate/", codes.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", never_cache(codes.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/app/activate/", never_cache(person.keeping_person(app.activate_totp)), name="mfa_activate_totp"),
    path("2fa/app/deactivate/", never_cache(person.keeping_person(app.deactivate_totp)), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", never_cache(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        never_cache(person.keeping_person(recovery.generate_recovery_codes)),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        recovery.download_recovery_codes,  # allauth marks this response as never cached
        name="mfa_download_recovery_codes",
    ),
    path("time-zone/", person.time_zone, name="choose_time_zone"),
    path("others/", person.end_others, name="end_other_log_ins"),
    path("delete/", person.delete, name="delete_user"),
]

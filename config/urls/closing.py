"""The host of an account that is scheduled for deletion: log-in, and for owners the page that restores it."""

from django.urls import include, path, re_path

from accounts.api.account import RestoreView
from config.errors import closing
from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend.account_settings import danger, pictures
from frontend.auth import login_handoff

urlpatterns = [
    path("auth/enter/", login_handoff.enter, name="enter"),
    path("auth/hand-over/", login_handoff.redeem, name="redeem_ticket"),
    path("auth/", include("config.urls.auth")),
    re_path(r"^pictures/logo/(?P<picture>[0-9a-f]{32})/$", pictures.logo, name="logo"),  # shown on the log-in page
    path("settings/danger/", danger.closing, name="danger"),
    path("api/v1/account/restore/", RestoreView.as_view(), name="account-restore"),
    re_path("", closing, name="home"),  # the page after a log-in
]

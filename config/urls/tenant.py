"""A tenant's host, in the `standard` variant."""

from django.urls import include, path, register_converter

from config.urls import tracker
from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend.account_settings import pictures
from frontend.auth import invitations, login_handoff, switcher
from frontend.inbox import views as inbox
from frontend.projects import views as projects
from frontend.shared.converters import PictureConverter

register_converter(PictureConverter, "picture")

urlpatterns = [
    path("", projects.index, name="home"),  # the page after a log-in
    *tracker.urlpatterns,
    path("inbox/", inbox.index, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read_inbox"),
    path("inbox/mails/", inbox.mails, name="choose_mails"),
    path("inbox/<uuid:pk>/read/", inbox.read, name="read_notification"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("pictures/logo/<picture:picture>/", pictures.logo, name="logo"),
    path("pictures/avatar/<picture:picture>/", pictures.avatar, name="avatar"),
    path("accounts/", switcher.index, name="accounts"),
    path("auth/enter/", login_handoff.enter, name="enter"),
    path("auth/hand-over/", login_handoff.redeem, name="redeem_ticket"),
    path("settings/", include("config.urls.settings")),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]

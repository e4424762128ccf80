"""The public site: BASE_DOMAIN itself."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

from config.urls.errors import handler400, handler403, handler404, handler429, handler500  # noqa: F401
from frontend.auth import login_handoff
from frontend.auth import views as person
from frontend.public import views as public

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.landing, name="landing"),
    path("auth/signup/", person.sign_up, name="account_signup"),
    re_path(r"^auth/confirm-email/(?P<key>[-:\w]+)/$", person.confirm_address, name="account_confirm_email"),
    path("auth/hand-over/", login_handoff.offer, name="offer_ticket"),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]
if settings.MAIL_FOLDER:
    urlpatterns.append(path("", include("config.urls.mails")))

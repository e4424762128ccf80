"""The public site: BASE_DOMAIN itself."""

from django.urls import include, path

from config.urls.errors import handler400, handler403, handler404, handler429, handler500  # noqa: F401
from frontend.views import public

urlpatterns = [
    path("", public.landing, name="landing"),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]

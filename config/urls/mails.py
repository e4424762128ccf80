"""The mails of a demonstration, on its public site."""

from django.urls import path

from frontend.views import mails

urlpatterns = [
    path("mails/", mails.index, name="mails"),
    path("mails/<uuid:pk>/", mails.detail, name="mail"),
    path("mails/<uuid:pk>/html/", mails.html, name="mail_html"),
]

"""The stored mails of a demonstration, on its public site."""

from django.urls import path

from frontend.mailbox import views

urlpatterns = [
    path("mails/", views.index, name="mails"),
    path("mails/<uuid:pk>/", views.detail, name="mail"),
    path("mails/<uuid:pk>/html/", views.html, name="mail_html"),
]

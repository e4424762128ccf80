"""The public site where MAIL_FOLDER was set when it started."""

from config.urls import mails, public
from config.urls.errors import handler400, handler403, handler404, handler429, handler500  # noqa: F401

urlpatterns = [*public.urlpatterns, *mails.urlpatterns]

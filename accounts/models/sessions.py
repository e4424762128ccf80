"""Sessions in browsers. Shared: the tenant of a session is in its data, which `tenancy.sessions` compares."""

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.module_loading import import_string


class Session(AbstractBaseSession):
    """Django's session, with its user in a column too, so that one statement reads the session and the user."""

    # No foreign key in the database: a session is saved at the end of a request, and its user may be deleted by then.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="sessions",
    )

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")

    def get_decoded(self) -> dict[str, Any]:
        """Return the data, or nothing if they are not of the user of the row: one of the two was changed."""
        data: dict[str, Any] = super().get_decoded()
        user_id = None if self.user_id is None else str(self.user_id)
        return data if data.get(SESSION_KEY) == user_id else {}

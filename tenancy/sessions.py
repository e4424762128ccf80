"""A session is worth something only on the host of the tenant that it was made for."""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from tenancy.context import get_active_tenant

KEY = "tenant"
SINCE = "since"


def bind_session(session: SessionBase, *, at: datetime | None = None) -> None:
    """Remember the active tenant, or the public site, in a session that somebody has logged in to, now or `at`."""
    session[KEY] = _space()
    session[SINCE] = at.timestamp() if at else time.time()


def is_bound_here(session: SessionBase) -> bool:
    """Say whether the session was made for the active tenant, or for the public site if there is none.

    And not longer ago than SESSION_COOKIE_AGE: Django counts that from the last change of a session, which never ends.
    """
    return bool(session.get(KEY) == _space() and time.time() - session.get(SINCE, 0) < settings.SESSION_COOKIE_AGE)


def bound_at(session: SessionBase) -> datetime:
    """Return when somebody logged in to the session; long ago if nobody has written it down."""
    return datetime.fromtimestamp(session.get(SINCE, 0), UTC)


def _space() -> str:
    tenant = get_active_tenant()
    return str(tenant.pk) if tenant else "public"

"""Sessions are bound to a tenant: a session is valid only on the host of the tenant for which it was created."""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from tenancy.context import get_active_tenant

KEY = "tenant"
SINCE = "since"


def bind_session(session: SessionBase, *, at: datetime | None = None) -> None:
    """Store the active tenant (or the public site) and the time of the login, `at` or now, in a session."""
    session[KEY] = _space()
    session[SINCE] = at.timestamp() if at else time.time()


def is_bound_here(session: SessionBase) -> bool:
    """Return whether the session was created for the active tenant, or for the public site without one.

    It also expires SESSION_COOKIE_AGE after the login: Django counts from the last change of a session.
    """
    return bool(session.get(KEY) == _space() and time.time() - session.get(SINCE, 0) < settings.SESSION_COOKIE_AGE)


def bound_at(session: SessionBase) -> datetime:
    """Return the time of the login of a session; 1970 if it is unknown."""
    return datetime.fromtimestamp(session.get(SINCE, 0), UTC)


def _space() -> str:
    tenant = get_active_tenant()
    return str(tenant.pk) if tenant else "public"

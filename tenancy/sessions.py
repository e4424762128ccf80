"""A session is worth something only on the host of the tenant that it was made for."""

from django.contrib.sessions.backends.base import SessionBase

from tenancy.context import get_active_tenant

KEY = "tenant"


def bind_session(session: SessionBase) -> None:
    """Remember the active tenant, or the public site, in a session that somebody has just logged in to."""
    session[KEY] = _space()


def is_bound_here(session: SessionBase) -> bool:
    """Say whether the session was made for the active tenant, or for the public site if there is none."""
    return bool(session.get(KEY) == _space())


def _space() -> str:
    tenant = get_active_tenant()
    return str(tenant.pk) if tenant else "public"

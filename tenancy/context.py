"""The active tenant.

The active scope is a `ContextVar`: asyncio tasks and `sync_to_async` calls inherit it, and a new thread has no tenant
and therefore sees no rows. Nothing is stored on a connection, request or module.

Do not use these context managers around a `yield`: a generator runs in the context of its caller, so the tenant would
stay active in the caller between two items. `tenancy.middleware` wraps streamed responses for this reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from tenancy.roles import PLACES
from tenancy.zones import UTC, zone_named

logger = structlog.get_logger("tenancy")


class Tenant(Protocol):
    """The attributes of the active tenant that this package reads. `tenancy.models.AbstractTenant` has them."""

    @property
    def pk(self) -> UUID: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def suspended_at(self) -> datetime | None: ...
    @property
    def is_closing(self) -> bool: ...


class NoActiveTenant(Exception):
    """Tenant-owned data was requested while no tenant is active."""


class CrossTenantWrite(Exception):
    """A row of one tenant would be written while another is active."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of queries. At most one of the first three is set; with none of them, no rows are visible."""

    tenant: Tenant | None = None
    user_id: UUID | None = None
    all_tenants_reason: str | None = None
    place: str | None = None  # the database whose content all_tenants() reads
    time_zone: str | None = None  # of the current user; None for that of the tenant

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the scope: see `tenancy.clock`."""
        name = self.time_zone or getattr(self.tenant, "time_zone", None)  # historical models may lack it
        return zone_named(name) if name else UTC


NOTHING = Scope()

_scope: ContextVar[Scope] = ContextVar("tenancy_scope", default=NOTHING)


def get_scope() -> Scope:
    """Return the active scope. For this package; applications use `get_active_tenant()`."""
    return _scope.get()


def get_active_tenant() -> Tenant | None:
    """Return the active tenant, or None."""
    return _scope.get().tenant


def require_active_tenant() -> Tenant:
    """Return the active tenant. Raises NoActiveTenant."""
    tenant = _scope.get().tenant
    if tenant is None:
        raise NoActiveTenant(
            "No tenant is active, so there is no tenant-owned data to read or write. "
            "Wrap the code in `with tenant_context(tenant):`."
        )
    return tenant


def activate(tenant: Tenant) -> None:
    """Make `tenant` active until the current thread or task ends or another call replaces it.

    Prefer `tenant_context()`, which restores the previous scope. Raises TypeError as that does.
    """
    _enter(Scope(tenant=_checked(tenant)))


def deactivate() -> None:
    """Make no tenant active."""
    _enter(NOTHING)


def use_time_zone(name: str | None) -> None:
    """Set the time zone of the active scope to that of the user; None for that of the tenant.

    For authentication, which identifies the user in the middle of a request. Other code uses `own_time_zone()`.
    """
    _enter(replace(get_scope(), time_zone=name))


@contextmanager
def own_time_zone(name: str | None) -> Iterator[None]:
    """Run the block in the active scope with the time zone `name`; None for that of the tenant."""
    with scoped(replace(get_scope(), time_zone=name)):
        yield


@contextmanager
def tenant_context(tenant: Tenant) -> Iterator[None]:
    """Run the block, sync or async, with `tenant` active, and restore the previous scope afterwards.

    Raises TypeError unless `tenant` is saved: no row has the id of an unsaved one.
    """
    with scoped(Scope(tenant=_checked(tenant))):
        yield


@contextmanager
def no_tenant() -> Iterator[None]:
    """Run the block with no tenant active. `VACUUM` and `CREATE INDEX CONCURRENTLY` require it."""
    with scoped(NOTHING):
        yield


@contextmanager
def all_tenants(*, reason: str, place: str | None = None) -> Iterator[None]:
    """Read rows of all tenants on the `operator` connection. Writes raise NoActiveTenant.

    No database has the content of all tenants. So queries of placed models raise NoActiveTenant unless `place` names
    one: see `tenancy.places.for_each_place()`.

    Commands, tests and platform processes have this connection; web processes and workers do not. `reason` is logged.
    Raises ValueError if it is blank, and for an unknown place.
    """
    if place is not None and place not in PLACES:
        raise ValueError(f"There is no database with content {place!r}. They are {', '.join(PLACES)}.")
    if not reason.strip():
        raise ValueError('all_tenants() needs a reason, for example all_tenants(reason="monthly usage report").')
    logger.warning("all_tenants", reason=reason)
    with scoped(Scope(all_tenants_reason=reason, place=place)):
        yield


@contextmanager
def as_user(user: Model) -> Iterator[None]:
    """Read the memberships of one user in all tenants, for login on the public host and the account switcher.

    Queries of the membership model compile to `user_id = <user>`. Those of other tenant-owned models and all writes
    raise NoActiveTenant. Raises TypeError unless `user` is saved and has a UUID as its primary key.
    """
    if not _is_saved(user):
        raise TypeError(f"as_user() needs a saved user, not {user!r}.")
    with scoped(Scope(user_id=user.pk)):
        yield


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Run the block in `scope`, as returned by `get_scope()`. For this package.

    The time zone of the scope becomes Django's current one, which template filters and form fields use.
    """
    token = _scope.set(scope)
    try:
        with timezone.override(scope.zone):
            yield
    finally:
        _scope.reset(token)


def _enter(scope: Scope) -> None:
    _scope.set(scope)
    timezone.activate(scope.zone)


def _is_saved(instance: object) -> bool:
    return isinstance(instance, Model) and isinstance(instance.pk, UUID) and not instance._state.adding


def _checked(tenant: Tenant) -> Tenant:
    # By label, which accepts the historical models of migrations too.
    if not _is_saved(tenant) or cast(Model, tenant)._meta.label_lower != settings.TENANT_MODEL.lower():
        raise TypeError(f"Only a saved {settings.TENANT_MODEL} can be activated, not {tenant!r}.")
    return tenant

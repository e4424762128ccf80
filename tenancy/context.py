"""Whose data the running code may see.

The active scope is a `ContextVar`: every thread, asyncio task and `sync_to_async` call sees what contextvars give it,
and a raw thread sees no tenant and therefore no rows. Nothing is stored on a connection, request or module.

Do not let one of these context managers span a `yield`: a generator runs in the context of whoever calls `next()`,
so the code between two yields would leave its tenant active in the caller. `tenancy.middleware` wraps streamed
responses for this reason.
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

from tenancy.zones import UTC, zone_named

logger = structlog.get_logger("tenancy")


class Tenant(Protocol):
    """What the machinery reads of a tenant. `tenancy.models.AbstractTenant` has it."""

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
    """Tenant-owned data was asked for while no tenant is active."""


class CrossTenantWrite(Exception):
    """A row of one tenant was about to be written in the name of another."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is active. At most one of the first three is set; none of them means: no tenant, no rows."""

    tenant: Tenant | None = None
    user_id: UUID | None = None
    all_tenants_reason: str | None = None
    time_zone: str | None = None  # chosen by the user who acts; without one the tenant's applies

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the scope: see `tenancy.clock`."""
        name = self.time_zone or getattr(self.tenant, "time_zone", None)  # old migrations: tenants without one
        return zone_named(name) if name else UTC


NOTHING = Scope()

_scope: ContextVar[Scope] = ContextVar("tenancy_scope", default=NOTHING)


def get_scope() -> Scope:
    """Return the active scope. For the machinery; applications want `get_active_tenant()`."""
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

    Prefer `tenant_context()`, which puts back what was active before. Raises TypeError as that does.
    """
    _enter(Scope(tenant=_checked(tenant)))


def deactivate() -> None:
    """Leave no tenant active."""
    _enter(NOTHING)


def use_time_zone(name: str | None) -> None:
    """Use the time zone that the user who acts has chosen, None for the tenant's, until the active scope ends.

    For authentication, which learns in the middle of a request who the user is. Others use `own_time_zone()`.
    """
    _enter(replace(get_scope(), time_zone=name))


@contextmanager
def own_time_zone(name: str | None) -> Iterator[None]:
    """Run the block in the active scope and in the time zone `name`; None stands for the tenant's."""
    with scoped(replace(get_scope(), time_zone=name)):
        yield


@contextmanager
def tenant_context(tenant: Tenant) -> Iterator[None]:
    """Run the block, sync or async, in the name of `tenant`; afterwards is active what was before.

    Raises TypeError for anything but a saved tenant: an unsaved one has an id that no row has.
    """
    with scoped(Scope(tenant=_checked(tenant))):
        yield


@contextmanager
def no_tenant() -> Iterator[None]:
    """Run the block with no tenant active, as `VACUUM` and `CREATE INDEX CONCURRENTLY` need it."""
    with scoped(NOTHING):
        yield


@contextmanager
def all_tenants(*, reason: str) -> Iterator[None]:
    """Read across all tenants, on the `operator` connection; every write raises.

    Web processes and workers do not have that connection: it exists in commands, in tests and in platform processes.
    `reason` goes to the log. Raises ValueError when it is blank.
    """
    if not reason.strip():
        raise ValueError('all_tenants() needs a reason, for example all_tenants(reason="monthly usage report").')
    logger.warning("all_tenants", reason=reason)
    with scoped(Scope(all_tenants_reason=reason)):
        yield


@contextmanager
def as_user(user: Model) -> Iterator[None]:
    """Read the memberships of one person in all tenants, for log-in on the public host and the account switcher.

    Inside, the manager of the membership model compiles to `user_id = <user>`; other tenant-owned managers and all
    writes raise NoActiveTenant. Raises TypeError unless `user` is saved and has a UUID as its primary key.
    """
    if not _is_saved(user):
        raise TypeError(f"as_user() needs a saved user, not {user!r}.")
    with scoped(Scope(user_id=user.pk)):
        yield


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Run the block in `scope`, as returned by `get_scope()`. For the machinery.

    The time zone of the scope is Django's current one in it, which filters of templates and fields of forms use.
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
    # By label, so that the historical models of migrations are accepted too.
    if not _is_saved(tenant) or cast(Model, tenant)._meta.label_lower != settings.TENANT_MODEL.lower():
        raise TypeError(f"Only a saved {settings.TENANT_MODEL} can be activated, not {tenant!r}.")
    return tenant

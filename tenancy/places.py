"""The place of a tenant's content: the database that has its placed rows. See `tenancy.planes`.

All content is in the default database. An application does not rely on that: an action that writes content uses
`atomic`, `on_commit()` and `connection()` of this module in place of Django's, which are those of the control plane.
"""

from collections.abc import Callable
from contextlib import ContextDecorator, ExitStack
from typing import TYPE_CHECKING, Any, Self, cast, overload

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic

from tenancy.context import all_tenants, require_active_tenant
from tenancy.roles import PLACES

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenancy.models import Anchor


def alias() -> str:
    """Return the alias of the database with the content of the active tenant. Raises NoActiveTenant."""
    require_active_tenant()
    return DEFAULT_DB_ALIAS


def for_each_place[R](read: Callable[[], R], *, reason: str) -> list[R]:
    """Return what `read` returns in each database with content, called inside `all_tenants()`.

    It sees the content of the tenants that are there. `reason` is logged. Raises ValueError if it is blank.
    """
    found = []
    for place in PLACES:
        with all_tenants(reason=reason, place=place):
            found.append(read())
    return found


def anchor() -> "QuerySet[Anchor]":
    """Return the anchor of the active tenant, in the database with its content. Raises NoActiveTenant."""
    from tenancy.models import Anchor  # the app registry is not ready when this module is imported

    return Anchor.objects.using(alias()).filter(pk=require_active_tenant().pk)


def connection() -> BaseDatabaseWrapper:
    """Return the connection to the content of the active tenant. Raises NoActiveTenant."""
    return connections[alias()]


def on_commit(function: Callable[[], object], *, robust: bool = False) -> None:
    """Call `function` after the commit of the content, with the tenant that is active now. Raises NoActiveTenant."""
    connection().on_commit(function, robust=robust)


class ContentTransaction(Atomic):
    """A block of `atomic()`, which the guard of transactions recognizes."""

    placed = True

    def __enter__(self) -> None:
        cast(Any, connections)[self.using].will_begin_content()
        super().__enter__()


class ContentBlock(ContextDecorator):
    """What `atomic()` returns."""

    def __init__(self, *, durable: bool) -> None:
        self._durable = durable
        self._blocks = ExitStack()

    def _recreate_cm(self) -> Self:
        return type(self)(durable=self._durable)  # a decorated function can call itself, and run in several threads

    def __enter__(self) -> None:
        aliases = dict.fromkeys([DEFAULT_DB_ALIAS, alias()])  # the content last, so it is committed first
        with ExitStack() as blocks:
            for each in aliases:
                blocks.enter_context(ContentTransaction(each, savepoint=True, durable=self._durable))
            self._blocks = blocks.pop_all()

    def __exit__(self, *error: Any) -> None:
        self._blocks.__exit__(*error)


@overload
def atomic[F: Callable[..., Any]](function: F) -> F: ...
@overload
def atomic(*, durable: bool = False) -> ContentBlock: ...
def atomic(function: Any = None, *, durable: bool = False) -> Any:
    """Return a transaction that writes content of the active tenant: a context manager, or a decorator of functions.

    It may read and lock rows of the control plane, which stay locked until the content is committed, and may not write
    them. `durable` as in Django: not inside another block. To enter it raises NoActiveTenant.
    """
    block = ContentBlock(durable=durable)
    return block if function is None else block(function)

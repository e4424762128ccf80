"""The tenant in each log entry."""

from collections.abc import MutableMapping
from typing import Any

from tenancy.context import get_active_tenant


def add_tenant(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add `tenant`, the slug of the active tenant. A structlog processor, also for jobs and commands."""
    tenant = get_active_tenant()
    if tenant is not None:
        event.setdefault("tenant", tenant.slug)
    return event

"""Rows of the outbox: their creation and serialization."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kombu.utils.json import dumps, loads

from tenancy.outbox.models import OutboxJob

MAX_ARGUMENTS = 10_000  # characters


def make_row(
    *, name: str, tenant_id: UUID, args: Sequence[Any] = (), kwargs: Mapping[str, Any], options: Mapping[str, Any]
) -> OutboxJob:
    """Return an unsaved job. For `tenancy.jobs`. Raises ValueError for values that cannot be deserialized."""
    row = OutboxJob(name=name, tenant_id=tenant_id)
    row.args, row.kwargs, row.options = written = as_json([list(args), dict(kwargs), dict(options)])
    from_json(written)
    return row


def require_ids(row: OutboxJob) -> None:
    """Raise ValueError if the arguments of a job are longer than ids."""
    if len(json.dumps([row.args, row.kwargs, row.options])) > MAX_ARGUMENTS:
        raise ValueError(f"The arguments of {row.name} are longer than {MAX_ARGUMENTS} characters: pass ids.")


def as_json(value: Any) -> Any:
    """Return `value` as JSON data in the format of Celery, which supports UUIDs, dates and signatures."""
    return json.loads(dumps(value))


def from_json(value: Any) -> Any:
    """Return the value from which `as_json()` made the data."""
    return loads(json.dumps(value))

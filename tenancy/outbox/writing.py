"""Asking for a job: a row, in the transaction of the write that it follows."""

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
    """Return a job to save. For `tenancy.jobs`. Raises ValueError for what cannot be read again."""
    row = OutboxJob(name=name, tenant_id=tenant_id)
    row.args, row.kwargs, row.options = written = as_json([list(args), dict(kwargs), dict(options)])
    from_json(written)
    return row


def require_ids(row: OutboxJob) -> None:
    """Raise ValueError when the arguments of a job are longer than ids."""
    if len(json.dumps([row.args, row.kwargs, row.options])) > MAX_ARGUMENTS:
        raise ValueError(f"The arguments of {row.name} are longer than {MAX_ARGUMENTS} characters: pass ids.")


def as_json(value: Any) -> Any:
    """Return a copy of `value` as Celery would send it, which knows UUIDs, dates and signatures."""
    return json.loads(dumps(value))


def from_json(value: Any) -> Any:
    """Return what `as_json` was given."""
    return loads(json.dumps(value))

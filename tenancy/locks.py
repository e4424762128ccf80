"""Row locks that Django does not offer."""

from typing import Any

from django.db import models

SHARE = "share"  # a truthy value of `Query.select_for_no_key_update`, for DatabaseOperations


def locked_in_share[Q: models.QuerySet[Any]](rows: Q) -> Q:
    """Return `rows` with a `FOR SHARE` lock, which prevents changes of them until the transaction ends.

    Other transactions may share the lock. Joined rows are not locked.
    """
    locked = rows.select_for_update(of=("self",), no_key=True)
    locked.query.select_for_no_key_update = SHARE  # type: ignore[assignment]  # see DatabaseOperations
    return locked

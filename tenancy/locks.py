"""Locks of rows that Django has no name for."""

from typing import Any

from django.db import models

SHARE = "share"  # a value of `Query.select_for_no_key_update`: true, as Django expects it to be


def locked_in_share[Q: models.QuerySet[Any]](rows: Q) -> Q:
    """Return `rows`, which nobody can change from when they are read until the transaction ends: `FOR SHARE`.

    Others may lock them in the same way meanwhile. Rows that are joined to them are only read.
    """
    locked = rows.select_for_update(of=("self",), no_key=True)
    locked.query.select_for_no_key_update = SHARE  # type: ignore[assignment]  # see DatabaseOperations
    return locked

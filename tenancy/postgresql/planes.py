"""The guard of transactions: one transaction writes rows of one plane."""

from typing import Any

from tenancy.planes import CrossPlaneTransaction, is_guarded, placed_tables

TWO_TRANSACTIONS = "Rows of both planes are written in two transactions. The second is a job that can be repeated."


class OnePlaneTransactions:
    """A mixin of connections that raises CrossPlaneTransaction where `is_guarded()`."""

    atomic_blocks: list[Any]

    def will_begin_content(self) -> None:
        """Raise CrossPlaneTransaction in a transaction of the control plane, before a block of content."""
        if self._plane() is False:
            raise CrossPlaneTransaction(
                "A transaction of content begins inside one of the control plane. End that first. " + TWO_TRANSACTIONS
            )

    def will_write(self, meta: Any) -> None:
        """Raise CrossPlaneTransaction if this transaction writes rows of the other plane than the model of `meta`.

        The outermost block of the transaction names its plane: Django's `atomic()`, or that of `tenancy.places`. The
        tables of `tenancy`, and those without a model here, such as that of the migrations, belong to no plane.
        """
        begun, placed = self._plane(), placed_tables().get(meta.db_table)
        if begun is not None and placed is not None and placed != begun:
            right = "tenancy.places.atomic()" if placed else "django.db.transaction.atomic()"
            raise CrossPlaneTransaction(
                f"{meta.db_table} is written in a transaction of the other plane. Begin it with {right}. "
                + TWO_TRANSACTIONS
            )

    def _plane(self) -> bool | None:
        """Return whether the transaction is one of content, None outside of any and where nothing is guarded."""
        # Without a block of its own, Django puts one without a savepoint around an operation of several statements.
        blocks = [block for block in self.atomic_blocks if not block._from_testcase]
        if not is_guarded() or not blocks or not blocks[0].savepoint:
            return None
        return bool(getattr(blocks[0], "placed", False))

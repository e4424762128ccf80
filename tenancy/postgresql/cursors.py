"""The cursor, which sets the active tenant in PostgreSQL for row-level security.

`SET LOCAL tenancy.tenant_id = '<uuid>'` precedes the first statement of a transaction in the same message, so it needs
no round trip. It ends with the transaction, so poolers and persistent connections are safe. The cursor class does it,
because Django's `execute_wrappers` do not cover `copy()`, `callproc()` and `stream()`.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.db import NotSupportedError
from django.db.backends.postgresql.base import CursorMixin
from psycopg import ClientCursor, sql
from psycopg._queries import PostgresQuery
from psycopg.pq import PipelineStatus, TransactionStatus

from tenancy.context import get_scope

TENANT_SETTING = "tenancy.tenant_id"
USER_SETTING = "tenancy.user_id"

# Limits that roles.sql sets for the application, far above the time of a request. `long_work()` raises them.
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
_longer: ContextVar[str] = ContextVar("tenancy_long_work", default="")  # milliseconds, as text

# A rollback, also to a savepoint, restores earlier values of the settings. The text is searched for these words:
# a false positive costs a SET LOCAL, a false negative would leave another tenant active. A regular expression that
# ignores case would be slower than all other code of this file.
ROLLBACKS = ("ROLLBACK", "ABORT")

# The settings of this transaction: {setting: value}, None for a value that is unknown after a rollback. A setting that
# is absent was not set in this transaction and is therefore empty.
type Applied = dict[str, str | None]


@contextmanager
def long_work(limit: timedelta) -> Iterator[None]:
    """Raise the limits of statements, lock waits and idle transactions to `limit`. For jobs.

    Set in each transaction: behind PgBouncer, settings of a connection have no effect, or also affect the next
    process.
    """
    token = _longer.set(str(int(limit.total_seconds() * 1000)))
    try:
        yield
    finally:
        _longer.reset(token)


class TenantCursor(CursorMixin, ClientCursor[Any]):
    """A client-binding psycopg cursor whose statements run in the active scope."""

    _prefix = b""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "TenantCursor":
        """Execute `query` as psycopg does, with or without `params`, one statement or several.

        Raises NotSupportedError inside a psycopg pipeline, which cannot take two statements in a message.
        """
        changes = self._changes()
        self._prefix = _set_local(changes)
        try:
            super().execute(query, params, **options)
            for _ in changes:  # skip the results of the SETs
                self.nextset()
        except BaseException:
            self._forget()
            raise
        finally:
            self._prefix = b""
        self._remember(changes)
        if _rolls_back(query, self):
            self._forget()
        return self

    def _execute_send(self, query: PostgresQuery, **options: Any) -> None:
        # Not earlier: psycopg caches parsed statements by their text, which would differ for each tenant.
        query.query = self._prefix + query.query
        super()._execute_send(query, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Execute `query` for each of `params_seq`, in a transaction that is opened if there is none."""
        with self._scope_set():
            super().executemany(query, params_seq, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Yield the rows of `query` as they arrive, all in the scope of the request for the first row."""
        with self._scope_set():
            yield from super().stream(query, params, **options)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """COPY as psycopg does. PostgreSQL refuses COPY FROM into tables with row-level security for every role."""
        with self._scope_set(), super().copy(statement, params, **options) as copy:
            yield copy

    # Which settings have to change before the next statement --------------------------------------------------------

    def _changes(self) -> Applied:
        pgconn = self.connection.pgconn
        if pgconn.pipeline_status != PipelineStatus.OFF:
            raise NotSupportedError("Pipelines cannot carry the active tenant; execute the statements one by one.")
        status = pgconn.transaction_status
        if status == TransactionStatus.INERROR:
            return {}  # only a rollback can succeed, without a SET before it
        if status == TransactionStatus.IDLE:
            self._set_applied({})
        applied = self._applied()
        return {name: value for name, value in _wanted().items() if applied.get(name, "") != value}

    def _applied(self) -> Applied:
        applied: Applied = self.connection.__dict__.setdefault("tenancy_applied", {})
        return applied

    def _set_applied(self, applied: Applied) -> None:
        self.connection.__dict__["tenancy_applied"] = applied  # psycopg's connection, which outlives the cursor

    def _remember(self, changes: Applied) -> None:
        self._applied().update(changes)

    def _forget(self) -> None:
        perhaps = [name for name, value in _wanted().items() if value or name not in LIMITS]
        self._set_applied(dict.fromkeys([*self._applied(), *perhaps]))

    @contextmanager
    def _scope_set(self) -> Iterator[None]:
        """Set the scope in a separate message, for calls that cannot contain it."""
        changes = self._changes()
        with self._transaction() if changes else nullcontext():
            if changes:
                super().execute(_set_local(changes))
                self._remember(changes)
            yield

    def _transaction(self) -> AbstractContextManager[Any]:
        if self.connection.autocommit and self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            transaction: AbstractContextManager[Any] = self.connection.transaction()
            return transaction
        return nullcontext()


def _wanted() -> dict[str, str]:
    scope = get_scope()
    return {
        TENANT_SETTING: str(scope.tenant.pk) if scope.tenant else "",
        USER_SETTING: str(scope.user_id) if scope.user_id else "",
        **dict.fromkeys(LIMITS, _longer.get()),
    }


def _set_local(changes: Applied) -> bytes:
    # SET LOCAL with literals, not set_config(): Citus propagates only the former to its nodes. The values are UUIDs,
    # numbers or empty, never external text.
    return "".join(f"SET LOCAL {name} = {_literal(name, value)}; " for name, value in changes.items()).encode()


def _literal(name: str, value: str | None) -> str:
    return "DEFAULT" if name in LIMITS and not value else f"'{value}'"  # DEFAULT: the limit of the role


def _rolls_back(query: Any, cursor: ClientCursor[Any]) -> bool:
    if isinstance(query, sql.Composable):
        query = query.as_string(cursor)
    text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
    text = text.upper()
    return any(word in text for word in ROLLBACKS)

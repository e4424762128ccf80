"""The cursor that tells PostgreSQL which tenant a statement is for.

`SET LOCAL tenancy.tenant_id = '<uuid>'` travels in front of the first statement of a transaction as part of the same
message, so it costs no round trip. Nothing outlives the transaction, so poolers and persistent connections are safe.
It sits in the cursor class because Django's `execute_wrappers` never see `copy()`, `callproc()` and `stream()`.
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

# What roles.sql allows the application: a request is over long before. `long_work()` allows more.
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
_longer: ContextVar[str] = ContextVar("tenancy_long_work", default="")  # milliseconds, as text

# A rollback, also to a savepoint, puts the settings back to an earlier value. Searched for anywhere in the text:
# seeing one too many costs a SET LOCAL, missing one would leave another tenant in force.
# Plain search: a case-insensitive regular expression takes longer than everything else in this file.
ROLLBACKS = ("ROLLBACK", "ABORT")

# What this transaction has set so far: {setting: value}, None for a value that a rollback made unknown. A setting
# that is not in it was never set in this transaction and is therefore empty.
type Applied = dict[str, str | None]


@contextmanager
def long_work(limit: timedelta) -> Iterator[None]:
    """Let statements, waits for locks and pauses in a transaction take as long as `limit`. For jobs.

    Set in each transaction: behind PgBouncer nothing else that a process says of its connections has an effect, or
    what it says holds for the next process too.
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
        """Execute `query` as psycopg does; with `params` or without, one statement or several.

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
        # Not earlier: psycopg remembers how it parsed a statement by the text, which would be another for each tenant.
        query.query = self._prefix + query.query
        super()._execute_send(query, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Execute `query` for each of `params_seq`, in a transaction that is opened if there is none."""
        with self._scope_set():
            super().executemany(query, params_seq, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Yield the rows of `query` as they arrive, all of the scope in which the first was asked for."""
        with self._scope_set():
            yield from super().stream(query, params, **options)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """COPY as psycopg does. PostgreSQL refuses COPY FROM into tenant-owned tables, whoever asks."""
        with self._scope_set(), super().copy(statement, params, **options) as copy:
            yield copy

    # Which settings have to change before the next statement --------------------------------------------------------

    def _changes(self) -> Applied:
        pgconn = self.connection.pgconn
        if pgconn.pipeline_status != PipelineStatus.OFF:
            raise NotSupportedError("Pipelines cannot carry the active tenant; execute the statements one by one.")
        status = pgconn.transaction_status
        if status == TransactionStatus.INERROR:
            return {}  # only a rollback can succeed now, and it must not have a SET in front of it
        if status == TransactionStatus.IDLE:
            self._set_applied({})
        applied = self._applied()
        return {name: value for name, value in _wanted().items() if applied.get(name, "") != value}

    def _applied(self) -> Applied:
        applied: Applied = self.connection.__dict__.setdefault("tenancy_applied", {})
        return applied

    def _set_applied(self, applied: Applied) -> None:
        self.connection.__dict__["tenancy_applied"] = applied  # psycopg's connection: the cursor may go, it stays

    def _remember(self, changes: Applied) -> None:
        self._applied().update(changes)

    def _forget(self) -> None:
        perhaps = [name for name, value in _wanted().items() if value or name not in LIMITS]
        self._set_applied(dict.fromkeys([*self._applied(), *perhaps]))

    @contextmanager
    def _scope_set(self) -> Iterator[None]:
        """For the calls that cannot carry the SETs in their own message."""
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
    # Literals, not set_config(): Citus propagates the former to its nodes and not the latter. The values are the text
    # of UUID objects, numbers or empty, never text from outside.
    return "".join(f"SET LOCAL {name} = {_literal(name, value)}; " for name, value in changes.items()).encode()


def _literal(name: str, value: str | None) -> str:
    return "DEFAULT" if name in LIMITS and not value else f"'{value}'"  # DEFAULT is what the role has


def _rolls_back(query: Any, cursor: ClientCursor[Any]) -> bool:
    if isinstance(query, sql.Composable):
        query = query.as_string(cursor)
    text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
    text = text.upper()
    return any(word in text for word in ROLLBACKS)

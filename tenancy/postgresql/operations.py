import re
from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.postgresql import operations

from tenancy.locks import SHARE
from tenancy.roles import OWNER

FLUSHES = 3  # attempts
SET_LOCAL = re.compile(r"\A(?:SET LOCAL (?:tenancy\.)?\w+ = (?:'[0-9a-f-]*'|DEFAULT); )+")


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "tenancy.postgresql.compilers"

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Return the query without the settings that `TenantCursor` added."""
        query = super().last_executed_query(cursor, sql, params)
        return SET_LOCAL.sub("", query or "")

    def for_update_sql(
        self, nowait: bool = False, skip_locked: bool = False, of: Any = (), no_key: bool | str = False
    ) -> str:
        """Return the locking clause of a SELECT. In addition to those of Django it can be `FOR SHARE`."""
        if no_key != SHARE:
            return str(super().for_update_sql(nowait=nowait, skip_locked=skip_locked, of=of, no_key=bool(no_key)))
        return str(super().for_update_sql(of=of)).replace("FOR UPDATE", "FOR SHARE", 1)

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        """Empty tables as their owner: the app role has no privilege to TRUNCATE."""
        if self.connection.alias == OWNER or OWNER not in connections:
            super().execute_sql_flush(sql_list)
            return
        statements = list(sql_list)
        for attempt in range(1, FLUSHES + 1):
            try:
                # A connection of psycopg: a test that does not list the alias `owner` cannot use that of Django.
                with psycopg.connect(**connections[OWNER].get_connection_params()) as owner:
                    for statement in statements:
                        owner.execute(statement)
                return
            except psycopg.errors.DeadlockDetected:  # a server of the test still works on a request
                if attempt == FLUSHES:
                    raise

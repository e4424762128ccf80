import re
from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.postgresql import operations

from tenancy.locks import SHARE
from tenancy.roles import OWNER

SET_LOCAL = re.compile(r"\A(?:SET LOCAL (?:tenancy\.)?\w+ = (?:'[0-9a-f-]*'|DEFAULT); )+")


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Return what somebody wrote, without what `TenantCursor` put in front of it."""
        query = super().last_executed_query(cursor, sql, params)
        return SET_LOCAL.sub("", query or "")

    def for_update_sql(
        self, nowait: bool = False, skip_locked: bool = False, of: Any = (), no_key: bool | str = False
    ) -> str:
        """Return what locks the rows of a SELECT, which may also be `FOR SHARE`: Django has no name for that."""
        if no_key != SHARE:
            return str(super().for_update_sql(nowait=nowait, skip_locked=skip_locked, of=of, no_key=bool(no_key)))
        return str(super().for_update_sql(of=of)).replace("FOR UPDATE", "FOR SHARE", 1)

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        """Empty tables as their owner: the app role may not TRUNCATE."""
        if self.connection.alias == OWNER or OWNER not in connections:
            super().execute_sql_flush(sql_list)
            return
        # psycopg's own connection: a test that does not name the alias `owner` may not use Django's.
        with psycopg.connect(**connections[OWNER].get_connection_params()) as owner:
            for statement in sql_list:
                owner.execute(statement)

"""The three database roles, their privileges, and their aliases. `postgresql/roles.sql` creates the roles."""

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

OWNER = "owner"  # alias of commands and tests
OPERATOR = "operator"  # alias of commands, tests and platform processes
PLACES = (DEFAULT_DB_ALIAS,)  # aliases of the databases with content


def role_name(kind: str) -> str:
    """Return the name of a role on the server; `kind` is `owner`, `app` or `operator`."""
    return f"{settings.DB_ROLE_PREFIX}_{kind}"


# Two migrations that end at the same time would update the same catalog rows: PostgreSQL raises "tuple concurrently
# updated". The lock prevents that; it ends with the transaction.
GRANTS = """
SELECT pg_advisory_xact_lock(hashtext('tenancy grants'));
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app}, {operator};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {operator};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app}, {operator};
"""


# In the same transaction as the grants, so that the app role never has these privileges.
APPEND_ONLY = "REVOKE UPDATE, DELETE ON {table} FROM {app};\n"


def grant(connection: BaseDatabaseWrapper) -> None:
    """Grant the privileges of app and operator on all tables of the database. The last step of `migrate`."""
    quote = connection.ops.quote_name
    app, operator, database = role_name("app"), role_name("operator"), connection.settings_dict["NAME"]
    statements = GRANTS.format(app=quote(app), operator=quote(operator), database=quote(database))
    for table in _append_only_tables(connection):
        statements += APPEND_ONLY.format(table=quote(table), app=quote(app))
    with connection.cursor() as cursor:
        cursor.execute(statements)


def _append_only_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the existing tables of append-only models."""
    existing = set(connection.introspection.table_names())
    wanted = {model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)}
    return sorted(existing & wanted)

"""The three database roles, what each may do, and the aliases that connect as them. `roles.sql` makes the roles."""

from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

OWNER = "owner"  # alias of commands and tests
OPERATOR = "operator"  # alias of commands, tests and platform processes


def role_name(kind: str) -> str:
    """Return the name of a role on the server; `kind` is `owner`, `app` or `operator`."""
    return f"{settings.DB_ROLE_PREFIX}_{kind}"


# Two migrations that end at the same moment would update the same catalogue rows, which PostgreSQL answers with
# "tuple concurrently updated"; hence the lock, which ends with the transaction.
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


# In the same message as the grants and therefore in one transaction: there is no moment at which it may do more.
APPEND_ONLY = "REVOKE UPDATE, DELETE ON {table} FROM {app};\n"


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give app and operator their rights on every table of the owner's database. `migrate` ends with it."""
    quote = connection.ops.quote_name
    app, operator, database = role_name("app"), role_name("operator"), connection.settings_dict["NAME"]
    statements = GRANTS.format(app=quote(app), operator=quote(operator), database=quote(database))
    for table in _append_only_tables(connection):
        statements += APPEND_ONLY.format(table=quote(table), app=quote(app))
    with connection.cursor() as cursor:
        cursor.execute(statements)


def _append_only_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the tables of the models that say so, of those that this database has by now."""
    existing = set(connection.introspection.table_names())
    wanted = {model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)}
    return sorted(existing & wanted)

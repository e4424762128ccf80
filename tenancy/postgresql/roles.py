"""The three database roles, what each may do, and the aliases that connect as them. `roles.sql` makes the roles."""

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


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give app and operator their rights on every table of the owner's database. `migrate` ends with it."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            GRANTS.format(
                app=quote(role_name("app")),
                operator=quote(role_name("operator")),
                database=quote(connection.settings_dict["NAME"]),
            )
        )

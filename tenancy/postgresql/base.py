"""The database backend. `cursors` sets the tenant in the database, `schema` creates tenant-owned tables."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.db import NotSupportedError
from django.db.backends.postgresql import base, features

from tenancy.constraints import TenantPrimaryKey
from tenancy.context import get_scope, scoped
from tenancy.postgresql.creation import DatabaseCreation
from tenancy.postgresql.cursors import TenantCursor
from tenancy.postgresql.operations import DatabaseOperations
from tenancy.postgresql.planes import OnePlaneTransactions
from tenancy.postgresql.schema import DatabaseSchemaEditor


class DatabaseFeatures(features.DatabaseFeatures):
    def allows_group_by_selected_pks_on_model(self, model: Any) -> bool:
        """Return False for tenant-owned tables: `id` alone is no key of them, so PostgreSQL rejects `GROUP BY id`.

        Reads the constraints, because historical models have them too.
        """
        if any(isinstance(constraint, TenantPrimaryKey) for constraint in model._meta.constraints):
            return False
        return bool(super().allows_group_by_selected_pks_on_model(model))


class DatabaseWrapper(OnePlaneTransactions, base.DatabaseWrapper):
    """PostgreSQL through psycopg 3, with the active tenant in every transaction."""

    SchemaEditorClass = DatabaseSchemaEditor
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(settings_dict, *args, **kwargs)
        self.tables_of_query: set[str] | None = None  # of the query that is being compiled, with its subqueries
        if settings_dict.get("OPTIONS", {}).get("server_side_binding"):
            raise ImproperlyConfigured(
                f'DATABASES["{self.alias}"]: server_side_binding cannot carry the active tenant; remove the option.'
            )
        # A policy reads its setting when rows are fetched, so an open cursor would mix tenants.
        settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": TenantCursor}

    def chunked_cursor(self) -> NoReturn:
        raise NotSupportedError("Server-side cursors mix tenants; read large results page by page, by key.")

    def on_commit(self, func: Callable[[], Any], robust: bool = False) -> None:
        """Run `func` after the commit, in the tenant that is active now."""
        scope = get_scope()

        @wraps(func, updated=())
        def in_scope() -> Any:
            with scoped(scope):
                return func()

        super().on_commit(in_scope if callable(func) else func, robust=robust)

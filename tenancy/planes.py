"""The two planes of tables.

The control plane is in the default database: the tenants, their domains, users, memberships and credentials. A placed
table contains content, which can be stored somewhere else than in the default database. So a query reads tables of one
plane only, and a transaction writes rows of one plane only: see `compilers` and `planes` in `tenancy.postgresql`.

The tables of this package belong to neither plane: each database has them, for what it stores.
"""

from collections.abc import Mapping
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.models import Model


class CrossPlaneQuery(Exception):
    """A query would read placed tables together with tables of the control plane."""


class CrossPlaneTransaction(Exception):
    """A transaction would write placed rows together with rows of the control plane."""


def is_placed(model: type[Model]) -> bool:
    """Return whether the rows of `model` are content, which is stored in the place of their tenant."""
    return bool(getattr(model, "placed", False))  # of TenantModel


@cache
def placed_tables() -> Mapping[str, bool]:
    """Return whether a table is placed, for each table that belongs to a plane."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: is_placed(model) for model in models if model._meta.app_label != "tenancy"}


def is_guarded() -> bool:
    """Return whether transactions that write both planes raise CrossPlaneTransaction: in development and in tests.

    In production such a transaction is committed. It is correct there as long as both planes are in one database.
    """
    return bool(settings.TENANCY.get("GUARD_TRANSACTIONS", settings.DEBUG))

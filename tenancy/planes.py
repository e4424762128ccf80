"""The two planes of tables.

The control plane is in the default database: the tenants, their domains, users, memberships, credentials, the outbox.
A placed table contains content, which can be stored somewhere else than in the default database. So a query reads
tables of one plane only: see `tenancy.postgresql.compilers`.
"""

from collections.abc import Mapping
from functools import cache

from django.apps import apps
from django.db.models import Model

from tenancy.models import TenantModel


class CrossPlaneQuery(Exception):
    """A query would read placed tables together with tables of the control plane."""


def is_placed(model: type[Model]) -> bool:
    """Return whether the rows of `model` are content, which is stored in the place of their tenant."""
    return issubclass(model, TenantModel) and model.placed


@cache
def placed_tables() -> Mapping[str, bool]:
    """Return whether a table is placed, for each table of a model."""
    return {model._meta.db_table: is_placed(model) for model in apps.get_models(include_auto_created=True)}

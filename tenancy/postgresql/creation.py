"""Test databases: the owner creates, migrates, grants and flushes them, and the app role uses them."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.postgresql import creation

from tenancy.roles import OWNER


class DatabaseCreation(creation.DatabaseCreation):
    def test_db_signature(self) -> tuple[Any, ...]:
        """Identify databases by name alone.

        Aliases of one installation differ in role, and in host and port if some of them use a pooler. With these in
        the signature Django would create the database twice.
        """
        return (self.connection.settings_dict["ENGINE"], self._get_test_db_name())  # type: ignore[attr-defined]

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        if self.connection.alias == OWNER:
            return str(super().create_test_db(*args, **kwargs))
        name = self._owner().create_test_db(*args, **kwargs)
        self.connection.close()
        self.connection.settings_dict["NAME"] = name
        return str(name)

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        if self.connection.alias != OWNER:
            self.connection.close()
            self.connection.close_pool()
            self._owner().connection.settings_dict["NAME"] = self.connection.settings_dict["NAME"]
            self._owner().destroy_test_db(*args, **kwargs)
            return
        for connection in connections.all(initialized_only=True):
            connection.close()
        super().destroy_test_db(*args, **kwargs)

    def _owner(self) -> Any:
        if OWNER not in connections:
            raise ImproperlyConfigured("Tests create their database as the owner: set DATABASE_OWNER_URL.")
        return connections[OWNER].creation

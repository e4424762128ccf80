"""The extension points of the product: what an app declares to add to it.

Each app that adds something has a module `extensions.py`. AccountsConfig loads all of them when Django is ready, as
Celery loads the modules `jobs`. There the app registers its kinds and topics here, and declares its permissions and
quotas with `accounts.permissions.declare()` and `accounts.quotas.declare()`.

This module is below `accounts.models`, which may ask it. It therefore imports no models at run time.
"""

from collections.abc import Iterator
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured


class Named(Protocol):
    """What can be registered: it is found by its name."""

    @property
    def name(self) -> str: ...


class Kinds[K: Named]:
    """The kinds that are registered for one extension point, in the order of registration."""

    def __init__(self) -> None:
        self._kinds: dict[str, K] = {}

    def register(self, kind: K) -> None:
        """Add `kind`. Raises ImproperlyConfigured if another has its name."""
        if kind.name in self._kinds:
            message = f"“{kind.name}” is registered twice, by {self._kinds[kind.name]!r} and by {kind!r}. Rename one."
            raise ImproperlyConfigured(message)
        self._kinds[kind.name] = kind

    def get(self, name: str) -> K | None:
        """Return the kind of that name, None if there is none."""
        return self._kinds.get(name)

    def __getitem__(self, name: str) -> K:
        return self._kinds[name]

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[K]:
        return iter(self._kinds.values())

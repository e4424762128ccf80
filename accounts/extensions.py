"""The extension points of the product: what an app declares to add to it.

Each app that adds something has a module `extensions.py`. AccountsConfig loads all of them when Django is ready, as
Celery loads the modules `jobs`. There the app registers its kinds and topics here, and declares its permissions and
quotas with `accounts.permissions.declare()` and `accounts.quotas.declare()`.

This module is below `accounts.models`, which may ask it. It therefore imports no models at run time.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.serializers import BaseSerializer

    from accounts.models import AbstractActivity, AbstractTopic, Membership


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


class Topic(ABC):
    """A model whose rows WebSocket clients can follow, each with its numbered events.

    `name` is the field of the frames that has the row's id, and the name of the activity's key to the row. An instance
    is registered with `topics.register()`.
    """

    name: str
    model: "type[AbstractTopic]"
    activity: "type[AbstractActivity]"

    @abstractmethod
    def visible_to(self, member: "Membership") -> "QuerySet[Any]":
        """Return the rows that a member may follow."""

    @abstractmethod
    def hidden(
        self, members: "Mapping[UUID, Membership]", followed: Collection[tuple[UUID, UUID]]
    ) -> set[tuple[UUID, UUID]]:
        """Return those of the pairs of member and existing row in `followed` that the member may not follow any more.

        It is `visible_to()` for many members at once: the number of queries must not grow with the number of pairs.
        `members` has those who belong to the account now, by their ids.
        """


topics: Kinds[Topic] = Kinds()

shown: "dict[str, tuple[QuerySet[Any], type[BaseSerializer[Any]]]]" = {}  # by kind of object


def shows(kind: str, queryset: "QuerySet[Any]", serializer: "type[BaseSerializer[Any]]") -> None:
    """Have live clients receive the objects of `kind`, the word before the dot in `task.updated`, from `serializer`.

    `queryset` fetches what that needs, so the number of queries does not grow with the number of objects. Raises
    ImproperlyConfigured if the kind is shown already.
    """
    if kind in shown:
        raise ImproperlyConfigured(f"“{kind}” is shown twice. Rename one.")
    shown[kind] = queryset, serializer

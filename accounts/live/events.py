"""What happened in a project, as live clients are told: rows of Activity with what they are about, as it is now.

Each kind of object has a function here that loads many of them in the form of the REST API. The apps whose objects
they are register it when they are ready.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer

from projects.models import Activity

MOST_CHARACTERS = 500_000  # of events that are read at once

type Load = Callable[[Collection[UUID]], Mapping[UUID, Any]]

_loads: dict[str, Load] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is sent: encoded once, however many receive it."""

    seq: int
    frame: str


def shows(kind: str, queryset: QuerySet[Any], serializer: type[BaseSerializer[Any]]) -> None:
    """Have the objects of `kind`, the word before the dot in `task.updated`, shown by `serializer`.

    `queryset` fetches what that needs, so the number of queries does not grow with the number of objects.
    """

    def load(ids: Collection[UUID]) -> Mapping[UUID, Any]:
        rows = queryset.filter(pk__in=ids)
        return {row.pk: serializer(row).data for row in rows}

    _loads[kind] = load


def shown_kinds() -> set[str]:
    """Return the kinds that are registered."""
    return set(_loads)


def read_events(project_id: UUID, *, after: int, limit: int) -> list[Event]:
    """Return the next events of a project in the active tenant after the number `after`, in their order.

    At most `limit`, and fewer when they are large: whoever sends them slowly holds them in memory so long.
    """
    fields = ("seq", "verb", "actor_id", "object_id")
    found = Activity.objects.filter(project=project_id, seq__gt=after).order_by("seq")
    rows = list(found.values_list(*fields)[:limit])
    ids: dict[str, set[UUID]] = defaultdict(set)
    for _seq, verb, _actor, object_id in rows:
        ids[_kind(verb)].add(object_id)
    forms = {kind: _loads[kind](of_kind) for kind, of_kind in ids.items() if kind in _loads}
    events: list[Event] = []
    room = MOST_CHARACTERS
    for seq, verb, actor_id, object_id in rows:
        event = _encode(project_id, seq, verb, actor_id, forms.get(_kind(verb), {}).get(object_id))
        room -= len(event.frame)
        if room < 0 and events:
            break
        events.append(event)
    return events


def _kind(verb: str) -> str:
    return verb.partition(".")[0]


def _encode(project_id: UUID, seq: int, verb: str, actor_id: UUID | None, form: Any) -> Event:
    frame = {
        "type": "event",
        "project": project_id,
        "seq": seq,
        "verb": verb,
        "actor": actor_id,
        "object": form,
        "version": form.get("version") if form else None,
    }
    return Event(seq, encode(frame))


def encode(frame: Mapping[str, Any]) -> str:
    """Return a frame as text, just as the API would write it."""
    text: bytes = JSONRenderer().render(frame)
    return text.decode()

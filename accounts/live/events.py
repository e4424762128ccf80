"""The events of a topic as live clients receive them: rows of its activity with the current state of their objects.

The objects are loaded in the form of the REST API, as `accounts.extensions.shows()` has registered it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from accounts.extensions import shown, topics
from accounts.rest.rendering import JSONRenderer

MOST_CHARACTERS = 500_000  # of events that are read at once


class Key(NamedTuple):
    """What a client follows: the row `id` of the topic with the name `topic`."""

    topic: str
    id: UUID

    @property
    def group(self) -> str:
        """The name of the group of its announcements, in the active tenant."""
        return f"{self.topic}.{self.id}"


@dataclass(frozen=True, slots=True)
class Event:
    """One encoded event: encoded once for all receivers."""

    seq: int
    frame: str


def read_events(key: Key, *, after: int, limit: int) -> list[Event]:
    """Return the next events of a topic in the active tenant after the number `after`, in their order.

    At most `limit`, and fewer when they are large, because events that are sent slowly stay in memory.
    """
    fields = ("seq", "verb", "actor_id", "object_id")
    activity = topics[key.topic].activity.objects
    rows = list(activity.filter(**{key.topic: key.id, "seq__gt": after}).order_by("seq").values_list(*fields)[:limit])
    ids: dict[str, set[UUID]] = defaultdict(set)
    for _seq, verb, _actor, object_id in rows:
        ids[_kind(verb)].add(object_id)
    forms = {kind: _load(kind, of_kind) for kind, of_kind in ids.items() if kind in shown}
    events: list[Event] = []
    room = MOST_CHARACTERS
    for seq, verb, actor_id, object_id in rows:
        event = _encode(key, seq, verb, actor_id, forms.get(_kind(verb), {}).get(object_id))
        room -= len(event.frame)
        if room < 0 and events:
            break
        events.append(event)
    return events


def _kind(verb: str) -> str:
    return verb.partition(".")[0]


def _load(kind: str, ids: Collection[UUID]) -> Mapping[UUID, Any]:
    queryset, serializer = shown[kind]
    return {row.pk: serializer(row).data for row in queryset.filter(pk__in=ids)}


def _encode(key: Key, seq: int, verb: str, actor_id: UUID | None, form: Any) -> Event:
    frame = {
        "type": "event",
        key.topic: key.id,
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

"""The frames of WebSocket clients: parsed strictly, and refused with a reason without a penalty."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.extensions import topics
from accounts.live.events import Key

MOST_CHARACTERS = 4_096
AT_ONCE, A_SECOND = 200, 20  # frames
BIGGEST_NUMBER = 2**63 - 1

FIELDS = {"subscribe": {"type", "since"}, "unsubscribe": {"type"}, "ping": {"type"}}  # beside the name of a topic
WITHOUT_TOPIC = "ping"
NOTHING = Key("", UUID(int=0))


class Refusal(Exception):
    """The frame is answered with an `error` that has this `code`, and nothing else happens."""

    def __init__(self, code: str, detail: str, key: Key | None = None) -> None:
        super().__init__(detail)
        self.frame: dict[str, Any] = {"type": "error", "code": code, "detail": detail}
        if key is not None:
            self.frame[key.topic] = key.id


def not_found(key: Key) -> Refusal:
    """Return the answer for a row that is foreign, hidden or absent: the same for all of them."""
    return Refusal("not_found", f"There is no such {key.topic}, or you may not see it.", key)


@dataclass(frozen=True)
class Frame:
    """A frame that was understood. `key` means something only where the `type` has one."""

    type: str
    key: Key = NOTHING
    since: int | None = None


def read_frame(text: str | None) -> Frame:
    """Return what a text frame says; None stands for a binary one. Raises Refusal."""
    if text is None:
        raise Refusal("invalid", "Frames are JSON as text, not binary.")
    if len(text) > MOST_CHARACTERS:
        raise Refusal("too_large", f"A frame has at most {MOST_CHARACTERS} characters.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid", "This is no JSON.") from error
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        raise Refusal("invalid", f"A frame is an object whose `type` is one of {_quoted(FIELDS)}.")
    names_of_topics = set() if kind == WITHOUT_TOPIC else {topic.name for topic in topics}
    if data.keys() - FIELDS[kind] - names_of_topics:
        raise Refusal("invalid", f"The fields of `{kind}` are {_quoted(FIELDS[kind] | names_of_topics)}.")
    if kind == WITHOUT_TOPIC:
        return Frame(kind)
    return Frame(kind, _key(data, names_of_topics), _since(data.get("since")))


def _key(data: dict[str, Any], names_of_topics: set[str]) -> Key:
    named = data.keys() & names_of_topics
    if len(named) != 1:
        raise Refusal("invalid", f"The frame must have one of {_quoted(names_of_topics)}.")
    name = named.pop()
    try:
        if isinstance(data[name], str):
            return Key(name, UUID(data[name]))
    except ValueError:
        pass
    raise Refusal("invalid", f"`{name}` must be the id of a {name}, a UUID.")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _since(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= BIGGEST_NUMBER:  # True is an int too
        raise Refusal("invalid", "`since` must be the number of an event, a whole number from 0 on.")
    return value


class Allowance:
    """How many frames a client may send: some at once, and then so many a second."""

    def __init__(self, now: float) -> None:
        self._left, self._seen = float(AT_ONCE), now

    def take(self, now: float) -> bool:
        """Take one, at the time `now` in seconds. Return False when none is left."""
        self._left = min(AT_ONCE, self._left + (now - self._seen) * A_SECOND)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

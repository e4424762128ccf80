"""What clients send over a WebSocket: read strictly, and refused with a reason that costs them nothing."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

MOST_CHARACTERS = 4_096
AT_ONCE, A_SECOND = 200, 20  # frames
BIGGEST_NUMBER = 2**63 - 1

FIELDS = {"subscribe": {"type", "project", "since"}, "unsubscribe": {"type", "project"}, "ping": {"type"}}
NOBODY = UUID(int=0)


class Refusal(Exception):
    """The frame is answered with an `error` that has this `code`, and nothing else happens."""

    def __init__(self, code: str, detail: str, project: UUID | None = None) -> None:
        super().__init__(detail)
        self.frame: dict[str, Any] = {"type": "error", "code": code, "detail": detail}
        if project is not None:
            self.frame["project"] = project


def no_such_project(project: UUID) -> Refusal:
    """Return the answer for a project that is foreign, hidden or absent: the same for all of them."""
    return Refusal("not_found", "There is no such project, or you may not see it.", project)


@dataclass(frozen=True)
class Frame:
    """A frame that was understood. `project` means something only where the `type` has one."""

    type: str
    project: UUID = NOBODY
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
        names = ", ".join(f"`{name}`" for name in FIELDS)
        raise Refusal("invalid", f"A frame is an object whose `type` is one of {names}.")
    if data.keys() - FIELDS[kind]:
        names = ", ".join(f"`{name}`" for name in sorted(FIELDS[kind]))
        raise Refusal("invalid", f"The fields of `{kind}` are {names}.")
    if kind == "ping":
        return Frame(kind)
    return Frame(kind, _project(data.get("project")), _since(data.get("since")))


def _project(value: Any) -> UUID:
    try:
        if isinstance(value, str):
            return UUID(value)
    except ValueError:
        pass
    raise Refusal("invalid", "`project` must be the id of a project, a UUID.")


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

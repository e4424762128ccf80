"""A cache in the process, in front of Redis, for values that almost every request reads."""

import time
from collections.abc import Iterable


class ProcessCache[V]:
    """At most `size` values, each for at most `seconds`. Thread-safe. Store only values that are not changed."""

    def __init__(self, *, seconds: float, size: int) -> None:
        self.seconds, self.size = seconds, size
        self._values: dict[str, tuple[float, V]] = {}  # {key: (when it expires, value)}, the oldest first

    def get(self, key: str) -> V | None:
        """Return the value, or None if it is absent or has expired."""
        until, value = self._values.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def set(self, key: str, value: V) -> None:
        """Store `value`, and drop those that have expired, and the oldest one if there are too many."""
        now = time.monotonic()
        self._values.pop(key, None)
        self._values[key] = now + self.seconds, value
        while (oldest := self._oldest()) and (now >= oldest[1] or len(self._values) > self.size):
            self._values.pop(oldest[0], None)

    def _oldest(self) -> tuple[str, float] | None:
        """Return the key and the end of the oldest value; None also if another thread changes the values meanwhile."""
        try:
            key, (until, _value) = next(iter(self._values.items()))
        except (StopIteration, RuntimeError):
            return None
        return key, until

    def delete_many(self, keys: Iterable[str]) -> None:
        """Delete the values at `keys`."""
        for key in keys:
            self._values.pop(key, None)

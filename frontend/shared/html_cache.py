"""The cache of HTML in the memory of each process."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import fields, is_dataclass
from sys import getsizeof


class HTMLCache:
    """An LRU cache of HTML, of at most `most` bytes in total, with its keys.

    An entry of more than a sixteenth of that is not cached, because it would drop those of many others.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._entries: OrderedDict[Hashable, tuple[str, int]] = OrderedDict()  # HTML, and bytes with the key
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable) -> str | None:
        """Return the HTML of a key, None if it is not cached."""
        with self._lock:
            html, _size = self._entries.get(key, (None, 0))
            if html is not None:
                self._entries.move_to_end(key)
            return html

    def put(self, key: Hashable, html: str) -> None:
        """Cache the HTML of a key and drop the least recently used ones."""
        size = _size_of(key) + getsizeof(html)
        with self._lock:
            if key in self._entries or size > self.most / 16:  # another request may have rendered it meanwhile
                return
            self._entries[key] = html, size
            self.bytes += size
            while self.bytes > self.most:
                _key, (_html, dropped) = self._entries.popitem(last=False)
                self.bytes -= dropped

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.bytes = 0


def _size_of(key: object) -> int:
    """Return the bytes of a key with the values in its tuples and dataclasses.

    Keys take about half as many bytes as their HTML. A value that several keys share is counted for each of them.
    """
    inside: Iterable[object] = ()
    if isinstance(key, tuple):
        inside = key
    elif is_dataclass(key):
        inside = (getattr(key, field.name) for field in fields(key))
    return getsizeof(key) + sum(map(_size_of, inside))
